import KinoraModel

/// Moves quota inside a savepoint of the writer's transaction: what is asked, reserved and counted is
/// one step, so that parallel requests cannot pass a limit together.
struct QuotaWriter {
  static let dayLength: Milliseconds = 86_400_000

  let connection: Connection

  func apply(_ move: QuotaMove, job: Int64, id: JobID) throws(MemberFailure) {
    switch move {
    case .reserve(let claim): try reserve(claim, job: job, id: id)
    case .count(let at): try count(job, at: at)
    case .release: try release(job)
    }
  }

  private func reserve(_ claim: QuotaClaim, job: Int64, id: JobID) throws(MemberFailure) {
    let rule = try use(claim)
    let day = UTC.day(claim.at)
    try user(claim, rule, day: day)
    try pool(claim, rule)
    try connection.apply(
      """
      INSERT INTO quota_hold(job, id, client, tenant, kind, user, day, units, state)
      VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'reserved')
      """,
      .integer(job), .text(id.rawValue), .text(claim.client), .text(claim.tenant),
      .text(claim.kind.rawValue), .text(claim.user), .text(day), .integer(Int64(claim.units)))
  }

  /// The tenant's limits; the first use makes the tenant.
  private func use(_ claim: QuotaClaim) throws(MemberFailure) -> QuotaRule {
    let who: [SQLValue] = [.text(claim.client), .text(claim.tenant), .text(claim.kind.rawValue)]
    try connection.apply(
      "INSERT INTO tenant_capabilities(client, tenant) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
      who[0], who[1])
    try connection.apply(
      "INSERT INTO quota_config(client, tenant, kind) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
      who[0], who[1], who[2])
    let rule = try connection.first(
      """
      SELECT per_user_per_day, pool, pool_days, enabled FROM quota_config
      WHERE client = ?1 AND tenant = ?2 AND kind = ?3
      """,
      who[0], who[1], who[2]
    ) { QuotaRule($0, from: 0) }
    return rule ?? QuotaRule()
  }

  private func user(
    _ claim: QuotaClaim, _ rule: QuotaRule, day: String
  ) throws(MemberFailure) {
    try connection.apply(
      """
      INSERT INTO quota_user(client, tenant, kind, user, day) VALUES(?1, ?2, ?3, ?4, ?5)
      ON CONFLICT DO NOTHING
      """,
      .text(claim.client), .text(claim.tenant), .text(claim.kind.rawValue), .text(claim.user),
      .text(day))
    let limit = rule.isEnabled ? rule.perUserPerDay : 0
    let granted = try connection.apply(
      """
      UPDATE quota_user SET reserved = reserved + ?6
      WHERE client = ?1 AND tenant = ?2 AND kind = ?3 AND user = ?4 AND day = ?5
        AND (?7 = 0 OR reserved + used + ?6 <= ?7)
      """,
      .text(claim.client), .text(claim.tenant), .text(claim.kind.rawValue), .text(claim.user),
      .text(day), .integer(Int64(claim.units)), .integer(Int64(limit)))
    guard granted == 1 else {
      let end = (UTC.parse(day) ?? claim.at) + Self.dayLength
      throw refusal(claim, scope: "user", limit: limit, resetsAt: end)
    }
  }

  private func pool(_ claim: QuotaClaim, _ rule: QuotaRule) throws(MemberFailure) {
    try connection.apply(
      """
      INSERT INTO quota_pool(client, tenant, kind, period_start, period_end)
      VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING
      """,
      .text(claim.client), .text(claim.tenant), .text(claim.kind.rawValue), .integer(claim.at),
      .integer(claim.at + Milliseconds(rule.poolDays) * Self.dayLength))
    try turn(
      client: claim.client, tenant: claim.tenant, kind: claim.kind.rawValue, at: claim.at)
    let limit = rule.isEnabled ? rule.pool : 0
    let granted = try connection.apply(
      """
      UPDATE quota_pool SET reserved = reserved + ?4
      WHERE client = ?1 AND tenant = ?2 AND kind = ?3 AND (?5 = 0 OR reserved + used + ?4 <= ?5)
      """,
      .text(claim.client), .text(claim.tenant), .text(claim.kind.rawValue),
      .integer(Int64(claim.units)), .integer(Int64(limit)))
    guard granted == 1 else {
      let end = try connection.first(
        "SELECT period_end FROM quota_pool WHERE client = ?1 AND tenant = ?2 AND kind = ?3",
        .text(claim.client), .text(claim.tenant), .text(claim.kind.rawValue)
      ) { $0.integer(0) }
      throw refusal(claim, scope: "pool", limit: limit, resetsAt: end ?? claim.at)
    }
  }

  /// Begins a new period when the present one is over.
  private func turn(
    client: String, tenant: String, kind: String, at: Milliseconds
  ) throws(MemberFailure) {
    try connection.apply(
      """
      UPDATE quota_pool SET period_start = ?4, used = 0, period_end = ?4 + ?5 * coalesce(
          (SELECT pool_days FROM quota_config c WHERE c.client = ?1 AND c.tenant = ?2
            AND c.kind = ?3), 365)
      WHERE client = ?1 AND tenant = ?2 AND kind = ?3 AND period_end <= ?4
      """,
      .text(client), .text(tenant), .text(kind), .integer(at), .integer(Self.dayLength))
  }

  private func refusal(
    _ claim: QuotaClaim, scope: String, limit: Int, resetsAt: Milliseconds
  ) -> MemberFailure {
    let who = scope == "user" ? "user \(claim.user) of \(claim.tenant)" : claim.tenant
    let time = UTC.timestamp(resetsAt)
    var error = KinoraError(
      .quotaExceeded,
      "\(who) may have \(limit) \(claim.kind.rawValue)s \(scope == "user" ? "a day" : "a period"), "
        + "and they are used or on the way; it resets at \(time)",
      field: scope == "user" ? "user" : "tenant",
      retryAfter: Int(max(1, (resetsAt - claim.at + 999) / 1000)))
    error.facts = [
      JSONMember("scope", .string(scope)), JSONMember("kind", .string(claim.kind.rawValue)),
      JSONMember("limit", .integer(Int64(limit))), JSONMember("resets_at", .string(time)),
    ]
    return .refused(error)
  }

  // MARK: Ends

  private struct Hold {
    var client: String
    var tenant: String
    var kind: String
    var user: String
    var day: String
    var units: Int64
    var wasReserved: Bool
  }

  private func hold(_ job: Int64) throws(MemberFailure) -> Hold? {
    try connection.first(
      "SELECT client, tenant, kind, user, day, units, state FROM quota_hold WHERE job = ?1",
      .integer(job)
    ) { row in
      Hold(
        client: row.text(0), tenant: row.text(1), kind: row.text(2), user: row.text(3),
        day: row.text(4), units: row.integer(5), wasReserved: row.text(6) == "reserved")
    }
  }

  /// Gives a reservation back. A job without one stays as it is.
  func release(_ job: Int64) throws(MemberFailure) {
    let changed = try connection.apply(
      "UPDATE quota_hold SET state = 'released' WHERE job = ?1 AND state = 'reserved'",
      .integer(job))
    guard changed == 1, let hold = try hold(job) else { return }
    try move(hold, reserved: -hold.units, used: 0)
  }

  /// Counts what was delivered, on the day and in the period that it was reserved in or, where it
  /// was released since, delivered in.
  private func count(_ job: Int64, at: Milliseconds) throws(MemberFailure) {
    guard let hold = try hold(job) else { return }
    try turn(client: hold.client, tenant: hold.tenant, kind: hold.kind, at: at)
    let changed = try connection.apply(
      """
      UPDATE quota_hold SET state = 'used', user_counted = 1, pool_period =
        (SELECT period_start FROM quota_pool p WHERE p.client = quota_hold.client
          AND p.tenant = quota_hold.tenant AND p.kind = quota_hold.kind)
      WHERE job = ?1 AND state <> 'used'
      """,
      .integer(job))
    guard changed == 1 else { return }
    try move(hold, reserved: hold.wasReserved ? -hold.units : 0, used: hold.units)
  }

  private func move(_ hold: Hold, reserved: Int64, used: Int64) throws(MemberFailure) {
    try connection.apply(
      """
      UPDATE quota_user SET reserved = reserved + ?6, used = used + ?7
      WHERE client = ?1 AND tenant = ?2 AND kind = ?3 AND user = ?4 AND day = ?5
      """,
      .text(hold.client), .text(hold.tenant), .text(hold.kind), .text(hold.user),
      .text(hold.day), .integer(reserved), .integer(used))
    try connection.apply(
      """
      UPDATE quota_pool SET reserved = reserved + ?4, used = used + ?5
      WHERE client = ?1 AND tenant = ?2 AND kind = ?3
      """,
      .text(hold.client), .text(hold.tenant), .text(hold.kind), .integer(reserved),
      .integer(used))
  }
}

extension QuotaRule {
  /// Four columns: per_user_per_day, pool, pool_days, enabled.
  init(_ row: Statement, from column: Int32) {
    self.init()
    perUserPerDay = Int(row.integer(column))
    pool = Int(row.integer(column + 1))
    poolDays = Int(row.integer(column + 2))
    isEnabled = row.integer(column + 3) == 1
  }
}
