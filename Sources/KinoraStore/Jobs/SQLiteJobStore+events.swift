public import KinoraModel

extension SQLiteJobStore {
  public func events(
    after: Int64, upTo: Int64, job: JobID?, client: String?, limit: Int
  ) async throws(KinoraError) -> [JobEvent] {
    try await read { connection throws(KinoraError) in
      let from = SQLValue.integer(after)
      let to = SQLValue.integer(upTo)
      let most = SQLValue.integer(Int64(max(0, limit)))
      if let job {
        // Within a job both numbers grow together, so the index on (job, n) is in order of seq.
        return try connection.rows(
          """
          SELECT e.seq, j.id, e.n, e.client, e.at, e.type, e.data
          FROM job j JOIN event e ON e.job = j.pk
          WHERE j.id = ?1 AND (?2 IS NULL OR j.client = ?2) AND e.seq > ?3 AND e.seq <= ?4
          ORDER BY e.n LIMIT ?5
          """,
          .text(job.rawValue), SQLValue(client), from, to, most, read: event)
      }
      if let client {
        return try connection.rows(
          """
          SELECT e.seq, j.id, e.n, e.client, e.at, e.type, e.data
          FROM event e CROSS JOIN job j ON j.pk = e.job
          WHERE e.client = ?1 AND e.seq > ?2 AND e.seq <= ?3 ORDER BY e.seq LIMIT ?4
          """,
          .text(client), from, to, most, read: event)
      }
      return try connection.rows(
        """
        SELECT e.seq, j.id, e.n, e.client, e.at, e.type, e.data
        FROM event e CROSS JOIN job j ON j.pk = e.job
        WHERE e.seq > ?1 AND e.seq <= ?2 ORDER BY e.seq LIMIT ?3
        """,
        from, to, most, read: event)
    }
  }
}

private func event(_ row: Statement) throws(KinoraError) -> JobEvent {
  JobEvent(
    seq: row.integer(0), job: JobID(rawValue: row.text(1)), number: Int(row.integer(2)),
    client: row.text(3), at: row.integer(4), type: row.text(5), data: Array(row.bytes(6)))
}
