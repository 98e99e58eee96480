import CSQLite
import KinoraModel

/// One connection, used by one thread at a time.
///
/// SQLite before 3.51.3 can lose the WAL when two connections write or checkpoint at the same time
/// (its release notes call it the WAL-reset bug), and Debian 12 ships 3.40.1. So one connection
/// writes and checkpoints; every other is opened with `readOnly`.
final class Connection {
  private let handle: OpaquePointer
  private var statements: [UnsafePointer<UInt8>: Statement] = [:]
  /// Pages in the WAL after the last commit of this connection.
  private let walPages: UnsafeMutablePointer<Int32>

  /// Opens the file; `vfs` names one of SQLite's file layers, nil for the usual one.
  init(path: String, readOnly: Bool, busyMilliseconds: Int32, vfs: String?) throws(SQLiteFailure) {
    let access = readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(
      path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs)
    guard let opened else {
      throw SQLiteFailure(code: code, message: "no memory to open \(path)")
    }
    guard code == SQLITE_OK else {
      let failure = SQLiteFailure(code: code, message: "\(path): \(Self.words(opened))")
      sqlite3_close_v2(opened)
      throw failure
    }
    handle = opened
    walPages = .allocate(capacity: 1)
    walPages.initialize(to: 0)
    sqlite3_busy_timeout(handle, busyMilliseconds)
    // The hook replaces SQLite's own automatic checkpoint, which ignores a failed fsync.
    sqlite3_wal_hook(handle, countPages, walPages)
  }

  deinit {
    statements.removeAll()
    sqlite3_close_v2(handle)
    walPages.deallocate()
  }

  private static func words(_ handle: OpaquePointer) -> String {
    String(cString: sqlite3_errmsg(handle))
  }

  func failure(_ code: Int32, _ what: @autoclosure () -> String) -> SQLiteFailure {
    SQLiteFailure(code: code, message: "\(Self.words(handle)), in: \(what())")
  }

  /// Runs SQL text without arguments, several statements too.
  func execute(_ sql: String) throws(SQLiteFailure) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw failure(code, sql) }
  }

  /// The compiled form of a constant text, made once. It is reset and its arguments are set.
  func prepare(_ sql: StaticString, _ arguments: [SQLValue] = []) throws(SQLiteFailure) -> Statement
  {
    if let known = statements[sql.utf8Start] {
      try known.begin(arguments)
      return known
    }
    let made = try compile(sql.description)
    statements[sql.utf8Start] = made
    try made.begin(arguments)
    return made
  }

  /// Compiles a text that is put together at run time; it is not kept.
  func compile(_ sql: String) throws(SQLiteFailure) -> Statement {
    var made: OpaquePointer?
    let code = sqlite3_prepare_v2(handle, sql, -1, &made, nil)
    guard code == SQLITE_OK, let made else { throw failure(code, sql) }
    return Statement(made, connection: self)
  }

  /// Runs a statement that gives no rows.
  /// - Returns: the number of rows it changed.
  @discardableResult
  func run(_ sql: StaticString, _ arguments: SQLValue...) throws(SQLiteFailure) -> Int {
    let statement = try prepare(sql, arguments)
    defer { statement.end() }
    while try statement.step() {}
    return changes
  }

  /// Rows that the last statement changed.
  var changes: Int { Int(sqlite3_changes(handle)) }

  /// The first column of the first row, or nil.
  func integer(_ sql: StaticString, _ arguments: SQLValue...) throws(SQLiteFailure) -> Int64? {
    let statement = try prepare(sql, arguments)
    defer { statement.end() }
    return try statement.step() ? statement.optionalInteger(0) : nil
  }

  /// The first column of the first row, or nil.
  func text(_ sql: StaticString, _ arguments: SQLValue...) throws(SQLiteFailure) -> String? {
    let statement = try prepare(sql, arguments)
    defer { statement.end() }
    return try statement.step() ? statement.text(0) : nil
  }

  /// The rowid of the last insert.
  var lastInserted: Int64 { sqlite3_last_insert_rowid(handle) }

  /// True inside a transaction. Some failures end it by themselves.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Pages in the WAL after this connection's last commit.
  var pagesInLog: Int { Int(walPages.pointee) }

  /// Moves what the WAL holds into the database file. A reader or a lock in the way is no failure:
  /// the next commit tries again.
  func checkpoint(_ mode: Int32) throws(SQLiteFailure) {
    var left: Int32 = 0
    var moved: Int32 = 0
    let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &left, &moved)
    if code & 0xff == SQLITE_BUSY { return }
    if code != SQLITE_OK { throw failure(code, "checkpoint") }
    if left == moved { walPages.pointee = 0 }
  }
}

private func countPages(
  _ counter: UnsafeMutableRawPointer?, _: OpaquePointer?, _: UnsafePointer<CChar>?, _ pages: Int32
) -> Int32 {
  counter?.assumingMemoryBound(to: Int32.self).pointee = pages
  return SQLITE_OK
}
