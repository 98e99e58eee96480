import KinoraModel

/// One step from a schema to the next. Steps are never changed once released; a new one is added.
public struct Migration: Sendable {
  /// The schema that it leads to; steps count from 1 without gaps.
  public let number: Int64
  /// What it is for, in a few words.
  public let name: String
  let sql: String

  /// A step.
  public init(number: Int64, name: String, sql: String) {
    self.number = number
    self.name = name
    self.sql = sql
  }

  /// Brings the database up to the last of `steps`, each step whole or not at all. Refuses a
  /// database that a newer version has written.
  static func run(
    _ steps: [Migration], on connection: Connection, at now: Milliseconds
  ) throws(KinoraError) {
    do throws(SQLiteFailure) {
      try connection.execute(
        """
        CREATE TABLE IF NOT EXISTS migration(
          number INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL)
        """)
    } catch {
      throw error.asKinoraError
    }
    let present = try current(connection)
    let known = steps.last?.number ?? 0
    guard present <= known else {
      throw KinoraError(
        .configuration,
        "the database has schema \(present), this kinorad knows schemas up to \(known); start the "
          + "version that wrote it, or restore the backup from before the upgrade")
    }
    for step in steps where step.number > present { try step.run(on: connection, at: now) }
  }

  private static func current(_ connection: Connection) throws(KinoraError) -> Int64 {
    do throws(SQLiteFailure) {
      return try connection.integer("SELECT max(number) FROM migration") ?? 0
    } catch {
      throw error.asKinoraError
    }
  }

  private func run(on connection: Connection, at now: Milliseconds) throws(KinoraError) {
    do throws(SQLiteFailure) {
      try connection.execute("BEGIN IMMEDIATE")
      try connection.execute(sql)
      try connection.run(
        "INSERT INTO migration(number, name, at) VALUES(?1, ?2, ?3)", .integer(number),
        .text(name), .integer(now))
      try connection.execute("COMMIT")
    } catch {
      if connection.isInTransaction { try? connection.execute("ROLLBACK") }
      throw KinoraError(
        error.isFull ? .storageFull : .storeFailed,
        "migration \(number) (\(name)) failed and was undone: \(error.message)")
    }
  }
}
