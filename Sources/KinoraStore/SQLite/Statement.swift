import CSQLite

/// An argument of a statement.
enum SQLValue {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])

  init(_ value: Int64?) { self = value.map { .integer($0) } ?? .null }
  init(_ value: String?) { self = value.map { .text($0) } ?? .null }
}

extension SQLValue: ExpressibleByIntegerLiteral {
  init(integerLiteral value: Int64) { self = .integer(value) }
}

/// A compiled statement. Column numbers start at 0.
final class Statement {
  private let handle: OpaquePointer
  private unowned let connection: Connection

  init(_ handle: OpaquePointer, connection: Connection) {
    self.handle = handle
    self.connection = connection
  }

  deinit { sqlite3_finalize(handle) }

  /// Back to before the first row, with these arguments.
  func begin(_ arguments: [SQLValue]) throws(SQLiteFailure) {
    sqlite3_reset(handle)
    for (i, argument) in arguments.enumerated() {
      let code = bind(argument, Int32(i + 1))
      if code != SQLITE_OK { throw failure(code) }
    }
  }

  private func bind(_ value: SQLValue, _ i: Int32) -> Int32 {
    switch value {
    case .null: return sqlite3_bind_null(handle, i)
    case .integer(let number): return sqlite3_bind_int64(handle, i, number)
    case .text(var text):
      return text.withUTF8 { utf8 in
        utf8.withMemoryRebound(to: CChar.self) { bytes in
          // An empty string may have no address, and no address means NULL.
          kn_sqlite_bind_text(handle, i, bytes.baseAddress ?? emptyText, Int32(bytes.count))
        }
      }
    case .blob(let bytes):
      return bytes.withUnsafeBytes { raw in
        raw.isEmpty
          ? sqlite3_bind_zeroblob(handle, i, 0)
          : kn_sqlite_bind_blob(handle, i, raw.baseAddress, Int32(raw.count))
      }
    }
  }

  /// Goes to the next row; false after the last one.
  func step() throws(SQLiteFailure) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw failure(code)
    }
  }

  /// Lets go of the row and its locks.
  func end() { sqlite3_reset(handle) }

  private func failure(_ code: Int32) -> SQLiteFailure {
    connection.failure(code, sqlite3_sql(handle).map { String(cString: $0) } ?? "")
  }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func optionalInteger(_ column: Int32) -> Int64? {
    sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : integer(column)
  }

  func optionalText(_ column: Int32) -> String? {
    sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : text(column)
  }

  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

  /// Valid until the next step.
  func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    // The pointer must be asked for first: asking for the length of NULL converts nothing.
    let start = sqlite3_column_blob(handle, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
  }
}

// One byte that lives as long as the process.
nonisolated(unsafe) private let emptyText: UnsafePointer<CChar> = {
  let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
  byte.initialize(to: 0)
  return UnsafePointer(byte)
}()
