import KinoraModel

extension Connection {
  /// Every row as `read` makes it.
  func rows<Row>(
    _ sql: StaticString, _ arguments: SQLValue...,
    read: (Statement) throws(KinoraError) -> Row
  ) throws(KinoraError) -> [Row] {
    let statement: Statement
    do throws(SQLiteFailure) {
      statement = try prepare(sql, arguments)
    } catch {
      throw error.asReadError
    }
    return try statement.rows(read)
  }
}

extension Statement {
  fileprivate func rows<Row>(
    _ read: (Statement) throws(KinoraError) -> Row
  ) throws(KinoraError) -> [Row] {
    defer { end() }
    var rows: [Row] = []
    while try next() { rows.append(try read(self)) }
    return rows
  }

  /// Goes to the next row, in the error type of a read.
  func next() throws(KinoraError) -> Bool {
    do throws(SQLiteFailure) {
      return try step()
    } catch {
      throw error.asReadError
    }
  }

  /// The record in `column`, whose checksum stands in the next one.
  func record(_ column: Int32) throws(KinoraError) -> JobRecord {
    let bytes = bytes(column)
    guard RecordCoding.checksum(bytes) == integer(column + 1) else {
      throw KinoraError(
        .storeFailed,
        "the database is damaged: a job's row does not match its checksum; restore a backup, the "
          + "intent journal beside it keeps what was paid for")
    }
    return try RecordCoding.record(bytes)
  }
}
