public import KinoraModel

/// Settings of tenants, their counts, and the sums that must agree.
extension SQLiteJobStore: TenantStore {
  public func tenants() async throws(KinoraError) -> [TenantSettings] {
    try await read { connection throws(KinoraError) in
      var tenants = try connection.rows(
        """
        SELECT c.client, c.tenant, version, videogen_enabled, max_output_bytes, profile,
          prompt_suffix, provider, video_model_id, styles
        FROM tenant_capabilities c LEFT JOIN tenant_models m USING(client, tenant)
        ORDER BY 1, 2
        """
      ) { row throws(KinoraError) in
        var tenant = TenantSettings(client: row.text(0), name: row.text(1))
        tenant.version = Int(row.integer(2))
        tenant.isEnabled = row.integer(3) == 1
        tenant.maxOutputBytes = row.optionalInteger(4)
        tenant.profile = row.optionalText(5)
        tenant.promptSuffix = row.optionalText(6)
        tenant.provider = row.optionalText(7)
        tenant.model = row.optionalText(8)
        tenant.styles = StyleColumn.styles(row.optionalText(9))
        return tenant
      }
      var places: [[String]: Int] = [:]
      for (at, tenant) in tenants.enumerated() { places[[tenant.client, tenant.name]] = at }
      let saved = try connection.rows(
        """
        SELECT client, tenant, provider, video_model_id, saved_at FROM saved_provider_configs
        ORDER BY client, tenant, provider
        """
      ) { row throws(KinoraError) in
        (
          [row.text(0), row.text(1)],
          TenantSettings.SavedModel(
            provider: row.text(2), model: row.optionalText(3), savedAt: row.integer(4))
        )
      }
      for (place, model) in saved {
        if let at = places[place] { tenants[at].saved.append(model) }
      }
      let rules = try connection.rows(
        """
        SELECT client, tenant, kind, per_user_per_day, pool, pool_days, enabled FROM quota_config
        """
      ) { row throws(KinoraError) in
        ([row.text(0), row.text(1)], QuotaKind(rawValue: row.text(2)), QuotaRule(row, from: 3))
      }
      for (place, kind, rule) in rules {
        if let at = places[place], let kind { tenants[at].quotas[kind] = rule }
      }
      return tenants
    }
  }

  public func put(
    _ tenant: TenantSettings, replacing version: Int, now: Milliseconds
  ) async throws(KinoraError) -> Bool {
    try await writer.run { connection throws(SQLiteFailure) in
      try connection.execute("BEGIN IMMEDIATE")
      let isWritten = try TenantWriter(connection: connection, now: now)
        .put(tenant, replacing: version)
      try connection.execute(isWritten ? "COMMIT" : "ROLLBACK")
      return isWritten
    }
  }

  public func reset(
    _ reset: QuotaReset, client: String, tenant: String, kind: QuotaKind, by: String,
    now: Milliseconds
  ) async throws(KinoraError) {
    try await writer.run { connection throws(SQLiteFailure) in
      try connection.execute("BEGIN IMMEDIATE")
      try TenantWriter(connection: connection, now: now)
        .reset(reset, client: client, tenant: tenant, kind: kind, by: by)
      try connection.execute("COMMIT")
    }
  }

  public func quota(
    client: String, tenant: String, kind: QuotaKind, user: String, now: Milliseconds
  ) async throws(KinoraError) -> QuotaStanding {
    try await read { connection throws(KinoraError) in
      let who: [SQLValue] = [.text(client), .text(tenant), .text(kind.rawValue)]
      let rule =
        try connection.rows(
          """
          SELECT per_user_per_day, pool, pool_days, enabled FROM quota_config
          WHERE client = ?1 AND tenant = ?2 AND kind = ?3
          """,
          who[0], who[1], who[2]
        ) { row throws(KinoraError) in QuotaRule(row, from: 0) }.first ?? QuotaRule()
      let start = UTC.parse(UTC.day(now)) ?? now
      var day = QuotaStanding.Count(
        limit: rule.isEnabled ? rule.perUserPerDay : 0, since: start,
        resetsAt: start + QuotaWriter.dayLength)
      let length = Milliseconds(rule.poolDays) * QuotaWriter.dayLength
      var pool = QuotaStanding.Count(
        limit: rule.isEnabled ? rule.pool : 0, since: now, resetsAt: now + length)
      let counts = try connection.rows(
        """
        SELECT used, reserved FROM quota_user
        WHERE client = ?1 AND tenant = ?2 AND kind = ?3 AND user = ?4 AND day = ?5
        """,
        who[0], who[1], who[2], .text(user), .text(UTC.day(now))
      ) { row throws(KinoraError) in (Int(row.integer(0)), Int(row.integer(1))) }
      if let counts = counts.first { (day.used, day.reserved) = counts }
      let period = try connection.rows(
        """
        SELECT used, reserved, period_start, period_end FROM quota_pool
        WHERE client = ?1 AND tenant = ?2 AND kind = ?3
        """,
        who[0], who[1], who[2]
      ) { row throws(KinoraError) in
        (Int(row.integer(0)), Int(row.integer(1)), row.integer(2), row.integer(3))
      }
      if let (used, reserved, since, end) = period.first {
        pool.reserved = reserved
        // A period that is over is turned by the next claim; what is told is what that will find.
        if end > now { (pool.used, pool.since, pool.resetsAt) = (used, since, end) }
      }
      return QuotaStanding(rule: rule, user: day, pool: pool)
    }
  }

  public func undelivered(
    before limit: Milliseconds, most: Int
  ) async throws(KinoraError) -> [JobID] {
    try await read { connection throws(KinoraError) in
      try connection.rows(
        """
        SELECT j.id FROM quota_hold h JOIN job j ON j.pk = h.job
        WHERE h.state = 'reserved' AND j.state = 'completed' AND j.updated_at < ?1
        ORDER BY h.job LIMIT ?2
        """,
        .integer(limit), .integer(Int64(most))
      ) { row throws(KinoraError) in JobID(rawValue: row.text(0)) }
    }
  }

  public func quotaDifferences() async throws(KinoraError) -> [String] {
    try await read { connection throws(KinoraError) in
      let users = try connection.rows(
        """
        WITH h AS (SELECT client, tenant, kind, user, day,
            sum(iif(state = 'reserved', units, 0)) r,
            sum(iif(state = 'used' AND user_counted, units, 0)) u
          FROM quota_hold GROUP BY 1, 2, 3, 4, 5),
          k AS (SELECT client, tenant, kind, user, day FROM h
            UNION SELECT client, tenant, kind, user, day FROM quota_user)
        SELECT tenant, user, kind, day, coalesce(q.reserved, 0), coalesce(q.used, 0),
          coalesce(h.r, 0), coalesce(h.u, 0)
        FROM k LEFT JOIN quota_user q USING(client, tenant, kind, user, day)
          LEFT JOIN h USING(client, tenant, kind, user, day)
        WHERE coalesce(q.reserved, 0) <> coalesce(h.r, 0) OR coalesce(q.used, 0) <> coalesce(h.u, 0)
        """
      ) { row throws(KinoraError) in
        "quota of \(row.text(1)) in \(row.text(0)), \(row.text(2)) on \(row.text(3)): reserved "
          + "\(row.integer(4)), used \(row.integer(5)); holds \(row.integer(6)), \(row.integer(7))"
      }
      let pools = try connection.rows(
        """
        SELECT tenant, kind, reserved, used, r, u FROM (
          SELECT p.tenant, p.kind, p.reserved, p.used,
            coalesce(sum(iif(h.state = 'reserved', h.units, 0)), 0) r,
            coalesce(sum(iif(h.state = 'used' AND h.pool_period = p.period_start, h.units, 0)), 0) u
          FROM quota_pool p LEFT JOIN quota_hold h USING(client, tenant, kind)
          GROUP BY p.client, p.tenant, p.kind)
        WHERE reserved <> r OR used <> u
        """
      ) { row throws(KinoraError) in
        "pool of \(row.text(0)), \(row.text(1)): reserved \(row.integer(2)), used \(row.integer(3)); "
          + "holds \(row.integer(4)), \(row.integer(5))"
      }
      let jobs = try connection.rows(
        """
        SELECT h.id, coalesce(j.state, 'gone') FROM quota_hold h LEFT JOIN job j ON j.pk = h.job
        WHERE h.state = 'reserved'
          AND coalesce(j.state, 'gone') IN ('failed', 'cancelled', 'expired', 'gone')
        """
      ) { row throws(KinoraError) in "job \(row.text(0)) is \(row.text(1)) and holds quota" }
      return users + pools + jobs
    }
  }
}
