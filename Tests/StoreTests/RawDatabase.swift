import CSQLite

/// A connection beside the store's, as a person with sqlite3 would have.
final class RawDatabase {
  private let handle: OpaquePointer

  init(_ path: String) throws {
    var opened: OpaquePointer?
    let code = sqlite3_open(path, &opened)
    guard let opened, code == SQLITE_OK else { throw SQLError(text: "open: \(code)") }
    handle = opened
    sqlite3_busy_timeout(handle, 2000)
  }

  deinit { sqlite3_close(handle) }

  func execute(_ sql: String) throws {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw SQLError(text: String(cString: sqlite3_errmsg(handle))) }
  }

  func integer(_ sql: String) throws -> Int64 {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK,
      sqlite3_step(statement) == SQLITE_ROW
    else { throw SQLError(text: String(cString: sqlite3_errmsg(handle))) }
    defer { sqlite3_finalize(statement) }
    return sqlite3_column_int64(statement, 0)
  }
}

struct SQLError: Error {
  let text: String
}
