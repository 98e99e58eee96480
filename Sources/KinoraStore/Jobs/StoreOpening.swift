import Glibc
import KinoraModel

/// The steps from a path to a database that can be trusted.
struct StoreOpening {
  /// A restored database counts on from the next multiple of this.
  static let seqJump: Int64 = 1 << 32

  let connection: Connection
  let mark: MarkFile
  let wasUnclean: Bool
  let isRestored: Bool
  let generation: Int64
  /// The last event number that is committed.
  let head: Int64
  /// The first event number that is kept.
  let first: Int64

  init(_ options: StoreOptions) throws(KinoraError) {
    // SQLite would make the file as wide as the umask allows.
    let fd = open(options.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard fd >= 0 else {
      throw KinoraError(.storeFailed, "\(options.path): \(describe(errno: errno))")
    }
    let isNew = lseek(fd, 0, SEEK_END) == 0
    // Before SQLite opens it: closing any descriptor of a file drops this process's locks on it.
    close(fd)
    mark = try MarkFile(path: options.path + "-mark")
    wasUnclean = !isNew && mark.wasRunning
    do throws(SQLiteFailure) {
      connection = try Connection(
        path: options.path, readOnly: false, busyMilliseconds: options.busyMilliseconds,
        vfs: options.vfs)
      try Self.configure(connection)
    } catch {
      throw error.asKinoraError
    }
    if wasUnclean { try Self.check(connection) }
    try Migration.run(options.migrations, on: connection, at: options.now)
    do throws(SQLiteFailure) {
      generation = try connection.integer(Self.generationQuery) ?? 0
      let last = try connection.integer(Self.lastSeqQuery) ?? 0
      isRestored = !isNew && (mark.head > last || options.journalGeneration > generation)
      if isRestored {
        let seen = max(last, mark.head)
        head = try Self.jump(connection, past: seen)
      } else {
        head = last
      }
      first = try connection.integer(Self.firstQuery) ?? 1
    } catch {
      throw error.asKinoraError
    }
    mark.write(isRunning: true, head: head)
  }

  private static let generationQuery: StaticString =
    "SELECT value FROM fact WHERE name = 'generation'"
  private static let lastSeqQuery: StaticString =
    "SELECT seq FROM sqlite_sequence WHERE name = 'event'"
  private static let firstQuery: StaticString = "SELECT value FROM fact WHERE name = 'first_event'"

  private static func configure(_ connection: Connection) throws(SQLiteFailure) {
    guard try connection.text("PRAGMA journal_mode = WAL") == "wal" else {
      throw SQLiteFailure(code: 1, message: "this file system has no shared memory for a WAL")
    }
    try connection.execute(
      """
      PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;
      PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192
      """)
  }

  private static func check(_ connection: Connection) throws(KinoraError) {
    do throws(SQLiteFailure) {
      let found = try connection.text("PRAGMA quick_check(1)") ?? "no answer"
      guard found == "ok" else { throw SQLiteFailure(code: 11, message: found) }
    } catch {
      throw error.asKinoraError
    }
  }

  // Numbers up to `seen` were given to clients. What they say now is not what they said then: the
  // log begins anew behind them, and an older position is answered with a reset.
  private static func jump(
    _ connection: Connection, past seen: Int64
  ) throws(SQLiteFailure) -> Int64 {
    let start = (seen / seqJump + 1) * seqJump
    try connection.execute("BEGIN IMMEDIATE")
    let changed = try connection.run(
      "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'event'", .integer(start - 1))
    if changed == 0 {
      try connection.run(
        "INSERT INTO sqlite_sequence(name, seq) VALUES('event', ?1)", .integer(start - 1))
    }
    try connection.run(
      """
      INSERT INTO fact(name, value) VALUES('first_event', ?1)
      ON CONFLICT DO UPDATE SET value = excluded.value
      """,
      .integer(start))
    try connection.execute("COMMIT")
    return start - 1
  }
}
