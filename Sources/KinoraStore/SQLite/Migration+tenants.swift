extension Migration {
  /// Tenants, and quotas in counts beside the budgets in money.
  static let tenants = Migration(
    number: 2, name: "tenants and quotas",
    sql: """
      CREATE TABLE tenant_capabilities(
        client TEXT NOT NULL, tenant TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1,
        videogen_enabled INTEGER NOT NULL DEFAULT 1, max_output_bytes INTEGER, profile TEXT,
        prompt_suffix TEXT, PRIMARY KEY(client, tenant)) WITHOUT ROWID;
      -- The slot in use, and the slots that belong to providers of before.
      CREATE TABLE tenant_models(
        client TEXT NOT NULL, tenant TEXT NOT NULL, provider TEXT, video_model_id TEXT,
        PRIMARY KEY(client, tenant)) WITHOUT ROWID;
      CREATE TABLE saved_provider_configs(
        client TEXT NOT NULL, tenant TEXT NOT NULL, provider TEXT NOT NULL, video_model_id TEXT,
        saved_at INTEGER NOT NULL, PRIMARY KEY(client, tenant, provider)) WITHOUT ROWID;

      CREATE TABLE quota_config(
        client TEXT NOT NULL, tenant TEXT NOT NULL, kind TEXT NOT NULL,
        per_user_per_day INTEGER NOT NULL DEFAULT 3 CHECK(per_user_per_day BETWEEN 0 AND 100),
        pool INTEGER NOT NULL DEFAULT 0 CHECK(pool BETWEEN 0 AND 99999),
        pool_days INTEGER NOT NULL DEFAULT 365 CHECK(pool_days BETWEEN 1 AND 365),
        enabled INTEGER NOT NULL DEFAULT 1, PRIMARY KEY(client, tenant, kind)) WITHOUT ROWID;
      CREATE TABLE quota_user(
        client TEXT NOT NULL, tenant TEXT NOT NULL, kind TEXT NOT NULL, user TEXT NOT NULL,
        day TEXT NOT NULL, reserved INTEGER NOT NULL DEFAULT 0, used INTEGER NOT NULL DEFAULT 0,
        CHECK(reserved >= 0 AND used >= 0),
        PRIMARY KEY(client, tenant, kind, user, day)) WITHOUT ROWID;
      -- One row a tenant and kind: the present period. `reserved` counts all that is on the way.
      CREATE TABLE quota_pool(
        client TEXT NOT NULL, tenant TEXT NOT NULL, kind TEXT NOT NULL,
        period_start INTEGER NOT NULL, period_end INTEGER NOT NULL,
        reserved INTEGER NOT NULL DEFAULT 0, used INTEGER NOT NULL DEFAULT 0,
        CHECK(reserved >= 0 AND used >= 0), PRIMARY KEY(client, tenant, kind)) WITHOUT ROWID;
      -- One row a job; it outlives its job. `user_counted` is false after a reset of the user's day,
      -- `pool_period` is the period that it was counted in.
      CREATE TABLE quota_hold(
        job INTEGER PRIMARY KEY, id TEXT NOT NULL, client TEXT NOT NULL, tenant TEXT NOT NULL,
        kind TEXT NOT NULL, user TEXT NOT NULL, day TEXT NOT NULL, units INTEGER NOT NULL,
        state TEXT NOT NULL CHECK(state IN ('reserved', 'used', 'released')),
        user_counted INTEGER NOT NULL DEFAULT 0, pool_period INTEGER);
      CREATE INDEX quota_hold_open ON quota_hold(job) WHERE state = 'reserved';
      CREATE INDEX quota_hold_user ON quota_hold(client, tenant, kind, user, day);
      CREATE TABLE quota_reset(
        seq INTEGER PRIMARY KEY, client TEXT NOT NULL, tenant TEXT NOT NULL, kind TEXT NOT NULL,
        user TEXT, at INTEGER NOT NULL, principal TEXT NOT NULL, used INTEGER NOT NULL);

      -- The names under which a bot's own tools may know them.
      CREATE VIEW video_quota_configs AS
        SELECT client, tenant, per_user_per_day AS daily_user_quota, pool AS serverwide_quota,
          pool_days AS serverwide_quota_resets_in, enabled
        FROM quota_config WHERE kind = 'video';
      CREATE VIEW video_quotas AS
        SELECT client, tenant, user, day, used, reserved FROM quota_user WHERE kind = 'video';
      CREATE VIEW video_serverwide_quotas AS
        SELECT client, tenant, period_start, period_end, used, reserved
        FROM quota_pool WHERE kind = 'video';
      """)
}
