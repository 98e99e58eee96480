public import KinoraModel

/// Reading the money: budgets for people, and the sums that must agree.
extension SQLiteJobStore {
  public func usage(
    day: String?, scopePrefix: String?
  ) async throws(KinoraError) -> [UsageRow] {
    try await read { connection throws(KinoraError) in
      try connection.rows(
        """
        SELECT scope, day, cap, reserved, spent, results, video_ms FROM budget
        WHERE (?1 IS NULL OR day IN (?1, substr(?1, 1, 7))) AND (?2 IS NULL OR substr(scope, 1, length(?2)) = ?2)
        ORDER BY day, scope
        """,
        SQLValue(day), SQLValue(scopePrefix)
      ) { row throws(KinoraError) in
        UsageRow(
          scope: row.text(0), day: row.text(1), cap: row.optionalInteger(2).map { MicroUSD($0) },
          reserved: MicroUSD(row.integer(3)), spent: MicroUSD(row.integer(4)),
          results: row.integer(5), video: row.integer(6))
      }
    }
  }

  public func moneyDifferences() async throws(KinoraError) -> [String] {
    try await read { connection throws(KinoraError) in
      let budgets = try connection.rows(
        """
        WITH
          l AS (SELECT scope, day, sum(d_reserved) r, sum(d_spent) s FROM ledger GROUP BY 1, 2),
          h AS (SELECT n.value scope,
              iif(n.value LIKE 'month:%', substr(day, 1, 7), day) day, sum(iif(state = 'reserved', amount, 0)) r,
              sum(coalesce(settled, 0)) s
            FROM hold, json_each(hold.scopes) n GROUP BY 1, 2),
          k AS (SELECT scope, day FROM budget UNION SELECT scope, day FROM l
            UNION SELECT scope, day FROM h)
        SELECT k.scope, k.day, coalesce(b.reserved, 0), coalesce(b.spent, 0), coalesce(l.r, 0),
          coalesce(l.s, 0), coalesce(h.r, 0), coalesce(h.s, 0)
        FROM k LEFT JOIN budget b USING(scope, day) LEFT JOIN l USING(scope, day)
          LEFT JOIN h USING(scope, day)
        WHERE coalesce(b.reserved, 0) <> coalesce(l.r, 0)
          OR coalesce(b.spent, 0) <> coalesce(l.s, 0)
          OR coalesce(b.reserved, 0) <> coalesce(h.r, 0)
          OR coalesce(b.spent, 0) <> coalesce(h.s, 0)
        ORDER BY 2, 1
        """
      ) { row throws(KinoraError) in
        "budget \(row.text(0)) on \(row.text(1)): reserved \(row.integer(2)), spent "
          + "\(row.integer(3)); ledger \(row.integer(4)), \(row.integer(5)); holds "
          + "\(row.integer(6)), \(row.integer(7))"
      }
      let jobs = try connection.rows(
        """
        SELECT j.id, j.reserved, coalesce(j.settled, 0), h.state, h.amount, coalesce(h.settled, 0)
        FROM job j LEFT JOIN hold h ON h.job = j.pk
        WHERE j.reserved <> iif(h.state = 'reserved', h.amount, 0)
          OR coalesce(j.settled, 0) <> coalesce(h.settled, 0)
        ORDER BY j.pk
        """
      ) { row throws(KinoraError) in
        "job \(row.text(0)): reserved \(row.integer(1)), settled \(row.integer(2)); its hold is "
          + "\(row.text(3)), \(row.integer(4)), \(row.integer(5))"
      }
      return budgets + jobs
    }
  }
}
