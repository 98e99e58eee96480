import KinoraModel

/// Why one member of a batch was not applied.
enum MemberFailure: Error {
  /// The change itself: only its caller hears of it.
  case refused(KinoraError)
  /// SQLite; whose business it is depends on the code.
  case sqlite(SQLiteFailure)
}

extension Connection {
  /// Like the other form, in the error type of a batch's members.
  @discardableResult
  func apply(_ sql: StaticString, _ arguments: SQLValue...) throws(MemberFailure) -> Int {
    do throws(SQLiteFailure) {
      let statement = try prepare(sql, arguments)
      defer { statement.end() }
      while try statement.step() {}
      return changes
    } catch {
      throw .sqlite(error)
    }
  }

  /// The first row as `read` makes it, or nil. The statement runs to its end.
  func first<Row>(
    _ sql: StaticString, _ arguments: SQLValue..., read: (Statement) -> Row
  ) throws(MemberFailure) -> Row? {
    do throws(SQLiteFailure) {
      let statement = try prepare(sql, arguments)
      defer { statement.end() }
      guard try statement.step() else { return nil }
      let row = read(statement)
      while try statement.step() {}
      return row
    } catch {
      throw .sqlite(error)
    }
  }
}
