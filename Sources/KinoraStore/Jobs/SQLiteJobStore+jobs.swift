public import KinoraModel

extension SQLiteJobStore {
  public func job(_ id: JobID) async throws(KinoraError) -> JobRecord? {
    try await read { connection throws(KinoraError) in
      try connection.rows(
        "SELECT record, checksum FROM job WHERE id = ?1", .text(id.rawValue)
      ) { row throws(KinoraError) in try row.record(0) }.first
    }
  }

  public func jobs(_ query: JobQuery) async throws(KinoraError) -> JobPage {
    try await read { connection throws(KinoraError) in
      try JobSearch(query, connection).page()
    }
  }

  // Two readers share the work: most of it is decoding.
  public func openJobs() async throws(KinoraError) -> [JobRecord] {
    async let odd = half(1)
    async let even = half(0)
    let halves = (await odd, await even)
    let rows = try halves.0.get() + halves.1.get()
    return rows.sorted { $0.job < $1.job }.map(\.record)
  }

  private func half(
    _ remainder: Int64
  ) async -> Result<[(job: Int64, record: JobRecord)], KinoraError> {
    do throws(KinoraError) {
      return .success(
        try await read { connection throws(KinoraError) in
          try connection.rows(
            "SELECT pk, record, checksum FROM job WHERE open = 1 AND pk % 2 = ?1",
            .integer(remainder)
          ) { row throws(KinoraError) in (row.integer(0), try row.record(1)) }
        })
    } catch {
      return .failure(error)
    }
  }

  /// The names of the jobs that `openJobs` gives.
  public func openJobIDs() async throws(KinoraError) -> Set<JobID> {
    try await read { connection throws(KinoraError) in
      Set(
        try connection.rows("SELECT id FROM job WHERE open = 1") { row throws(KinoraError) in
          JobID(rawValue: row.text(0))
        })
    }
  }

  /// Those of the given jobs that were never here: not stored, and not removed by a client. A permit
  /// for one of them means that the database is older than the journal.
  public func unknownJobs(among jobs: Set<JobID>) async throws(KinoraError) -> Set<JobID> {
    try await read { connection throws(KinoraError) in
      var unknown: Set<JobID> = []
      for job in jobs {
        let known = try connection.rows(
          """
          SELECT 1 FROM job WHERE id = ?1 UNION ALL SELECT 1 FROM removed WHERE id = ?1 LIMIT 1
          """,
          .text(job.rawValue)
        ) { _ in true }
        if known.isEmpty { unknown.insert(job) }
      }
      return unknown
    }
  }

  public func idempotent(
    client: String, key: String
  ) async throws(KinoraError) -> (job: JobID, fingerprint: String)? {
    try await read { connection throws(KinoraError) in
      try connection.rows(
        "SELECT job, fingerprint FROM idempotency WHERE client = ?1 AND key = ?2", .text(client),
        .text(key)
      ) { row throws(KinoraError) in (JobID(rawValue: row.text(0)), row.text(1)) }.first
    }
  }

  public func recent(
    client: String, fingerprint: String, since: Milliseconds
  ) async throws(KinoraError) -> [JobID] {
    if fingerprint.isEmpty { return [] }
    return try await read { connection throws(KinoraError) in
      try connection.rows(
        """
        SELECT id FROM job WHERE client = ?1 AND fingerprint = ?2 AND fingerprint <> ''
          AND created_at >= ?3 ORDER BY pk DESC LIMIT 32
        """,
        .text(client), .text(fingerprint), .integer(since)
      ) { row throws(KinoraError) in JobID(rawValue: row.text(0)) }
    }
  }

  public func evidence(_ id: JobID) async throws(KinoraError) -> [EvidenceRow] {
    try await read { connection throws(KinoraError) in
      try connection.rows(
        """
        SELECT attempt, ordinal, kind, at, detail FROM evidence
        WHERE job = (SELECT pk FROM job WHERE id = ?1) ORDER BY seq
        """,
        .text(id.rawValue)
      ) { row throws(KinoraError) in
        guard let detail = try? JSON.parse(row.bytes(4)) else {
          throw KinoraError(.storeFailed, "the database is damaged: evidence of \(id)")
        }
        return EvidenceRow(
          attempt: Int(row.integer(0)), ordinal: Int(row.integer(1)), kind: row.text(2),
          at: row.integer(3), detail: detail)
      }
    }
  }
}
