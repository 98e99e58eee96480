import KinoraModel

/// Writes a tenant's settings and begins counts anew, inside a transaction of the writer.
struct TenantWriter {
  let connection: Connection
  let now: Milliseconds

  /// False when the tenant has another version by now; nothing may be committed then.
  func put(_ tenant: TenantSettings, replacing version: Int) throws(SQLiteFailure) -> Bool {
    let (client, name) = (SQLValue.text(tenant.client), SQLValue.text(tenant.name))
    try connection.run(
      "INSERT INTO tenant_capabilities(client, tenant) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
      client, name)
    let changed = try connection.run(
      """
      UPDATE tenant_capabilities SET version = ?4, videogen_enabled = ?5, max_output_bytes = ?6,
        profile = ?7, prompt_suffix = ?8, styles = ?9
      WHERE client = ?1 AND tenant = ?2 AND version = ?3
      """,
      client, name, .integer(Int64(version)), .integer(Int64(tenant.version)),
      .integer(tenant.isEnabled ? 1 : 0), SQLValue(tenant.maxOutputBytes),
      SQLValue(tenant.profile), SQLValue(tenant.promptSuffix),
      SQLValue(StyleColumn.text(tenant.styles)))
    guard changed == 1 else { return false }
    try connection.run(
      """
      INSERT INTO tenant_models(client, tenant, provider, video_model_id) VALUES(?1, ?2, ?3, ?4)
      ON CONFLICT DO UPDATE SET provider = excluded.provider,
        video_model_id = excluded.video_model_id
      """,
      client, name, SQLValue(tenant.provider), SQLValue(tenant.model))
    try connection.run(
      "DELETE FROM saved_provider_configs WHERE client = ?1 AND tenant = ?2", client, name)
    for saved in tenant.saved {
      try connection.run(
        """
        INSERT INTO saved_provider_configs(client, tenant, provider, video_model_id, saved_at)
        VALUES(?1, ?2, ?3, ?4, ?5)
        """,
        client, name, .text(saved.provider), SQLValue(saved.model), .integer(saved.savedAt))
    }
    for (kind, rule) in tenant.quotas.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      try put(rule, kind, client, name)
    }
    return true
  }

  private func put(
    _ rule: QuotaRule, _ kind: QuotaKind, _ client: SQLValue, _ name: SQLValue
  ) throws(SQLiteFailure) {
    let kind = SQLValue.text(kind.rawValue)
    let before = try connection.integer(
      "SELECT pool FROM quota_config WHERE client = ?1 AND tenant = ?2 AND kind = ?3", client, name,
      kind)
    try connection.run(
      """
      INSERT INTO quota_config(client, tenant, kind, per_user_per_day, pool, pool_days, enabled)
      VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
      ON CONFLICT DO UPDATE SET per_user_per_day = excluded.per_user_per_day,
        pool = excluded.pool, pool_days = excluded.pool_days, enabled = excluded.enabled
      """,
      client, name, kind, .integer(Int64(rule.perUserPerDay)), .integer(Int64(rule.pool)),
      .integer(Int64(rule.poolDays)), .integer(rule.isEnabled ? 1 : 0))
    // What was made while nothing was counted against a limit is not held against the tenant.
    if (before ?? 0) == 0, rule.pool > 0 { try begin(client, name, kind) }
    try connection.run(
      """
      UPDATE quota_pool SET period_end = period_start + ?4
      WHERE client = ?1 AND tenant = ?2 AND kind = ?3
      """,
      client, name, kind, .integer(Milliseconds(rule.poolDays) * QuotaWriter.dayLength))
  }

  /// A new period from now on.
  private func begin(
    _ client: SQLValue, _ name: SQLValue, _ kind: SQLValue
  ) throws(SQLiteFailure) {
    try connection.run(
      """
      UPDATE quota_pool SET period_end = ?4 + period_end - period_start, period_start = ?4, used = 0
      WHERE client = ?1 AND tenant = ?2 AND kind = ?3
      """,
      client, name, kind, .integer(now))
    // Two periods that begin in one millisecond would be one: what the first counted is let go.
    try connection.run(
      """
      UPDATE quota_hold SET pool_period = NULL
      WHERE client = ?1 AND tenant = ?2 AND kind = ?3 AND pool_period = ?4
      """,
      client, name, kind, .integer(now))
  }

  func reset(
    _ reset: QuotaReset, client: String, tenant: String, kind: QuotaKind, by: String
  ) throws(SQLiteFailure) {
    let (client, name) = (SQLValue.text(client), SQLValue.text(tenant))
    let kind = SQLValue.text(kind.rawValue)
    switch reset {
    case .pool:
      let used = try connection.integer(
        "SELECT used FROM quota_pool WHERE client = ?1 AND tenant = ?2 AND kind = ?3", client, name,
        kind)
      try begin(client, name, kind)
      try note(client, name, kind, user: nil, by: by, used: used)
    case .user(let user):
      let day = SQLValue.text(UTC.day(now))
      let used = try connection.integer(
        """
        SELECT used FROM quota_user
        WHERE client = ?1 AND tenant = ?2 AND kind = ?3 AND user = ?4 AND day = ?5
        """,
        client, name, kind, .text(user), day)
      try connection.run(
        """
        UPDATE quota_user SET used = 0
        WHERE client = ?1 AND tenant = ?2 AND kind = ?3 AND user = ?4 AND day = ?5
        """,
        client, name, kind, .text(user), day)
      try connection.run(
        """
        UPDATE quota_hold SET user_counted = 0
        WHERE client = ?1 AND tenant = ?2 AND kind = ?3 AND user = ?4 AND day = ?5
        """,
        client, name, kind, .text(user), day)
      try note(client, name, kind, user: user, by: by, used: used)
    }
  }

  private func note(
    _ client: SQLValue, _ name: SQLValue, _ kind: SQLValue, user: String?, by: String, used: Int64?
  ) throws(SQLiteFailure) {
    try connection.run(
      """
      INSERT INTO quota_reset(client, tenant, kind, user, at, principal, used)
      VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """,
      client, name, kind, SQLValue(user), .integer(now), .text(by), .integer(used ?? 0))
  }
}
