public import KinoraModel

extension SQLiteJobStore {
  /// Rows that one transaction of a removal touches: it holds the writer for some milliseconds.
  private static let pruneStep: Int64 = 2000

  /// Removes events older than `eventsOlderThan` and idempotency keys older than
  /// `idempotencyOlderThan`, in small transactions between the others. Jobs are not touched.
  /// - Returns: how many of each were removed.
  public func prune(
    eventsOlderThan: Milliseconds, idempotencyOlderThan: Milliseconds
  ) async throws(KinoraError) -> (events: Int, keys: Int) {
    // A prefix of the log goes, never a hole: a follower's position is before it or after it.
    let bound = try await read { connection throws(KinoraError) in
      try connection.rows(
        """
        SELECT coalesce((SELECT seq FROM event WHERE at >= ?1 ORDER BY seq LIMIT 1),
          (SELECT max(seq) + 1 FROM event), 1)
        """,
        .integer(eventsOlderThan)
      ) { row throws(KinoraError) in row.integer(0) }.first ?? 1
    }
    var events = 0
    if bound > (await tail()) {
      // The announcement comes first: a reader that starts now must not rely on what goes.
      try await setFact("first_event", bound)
      setFirst(bound)
    }
    while true {
      let count = try await writer.run { connection throws(SQLiteFailure) in
        try connection.run(
          """
          DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE seq < ?1 LIMIT ?2)
          """,
          .integer(bound), .integer(Self.pruneStep))
      }
      events += count
      if count < Self.pruneStep { break }
    }
    var keys = 0
    while true {
      let count = try await writer.run { connection throws(SQLiteFailure) in
        try connection.run(
          """
          DELETE FROM idempotency WHERE (client, key) IN
            (SELECT client, key FROM idempotency WHERE created_at < ?1 LIMIT ?2)
          """,
          .integer(idempotencyOlderThan), .integer(Self.pruneStep))
      }
      keys += count
      if count < Self.pruneStep { break }
    }
    return (events, keys)
  }

  /// Tells the database which generation of the intent journal goes with it.
  public func setGeneration(_ generation: Int64) async throws(KinoraError) {
    try await setFact("generation", generation)
  }

  /// Those of the given files that no job needs.
  public func unreferencedArtifacts(among files: [String]) async throws(KinoraError) -> [String] {
    try await read { connection throws(KinoraError) in
      var free: [String] = []
      for file in files {
        let used = try connection.rows(
          "SELECT 1 FROM artifact WHERE sha256 = ?1 LIMIT 1", .text(file)
        ) { _ in true }
        if used.isEmpty { free.append(file) }
      }
      return free
    }
  }

  /// Every problem that SQLite finds in the whole file; empty when there is none. Reads all of it.
  public func integrityProblems() async throws(KinoraError) -> [String] {
    try await read { connection throws(KinoraError) in
      try connection.rows("PRAGMA integrity_check") { row throws(KinoraError) in row.text(0) }
        .filter { $0 != "ok" }
    }
  }

  private func setFact(_ name: String, _ value: Int64) async throws(KinoraError) {
    _ = try await writer.run { connection throws(SQLiteFailure) in
      try connection.run(
        """
        INSERT INTO fact(name, value) VALUES(?1, ?2)
        ON CONFLICT DO UPDATE SET value = excluded.value
        """,
        .text(name), .integer(value))
    }
  }
}
