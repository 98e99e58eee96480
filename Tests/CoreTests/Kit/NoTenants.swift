import KinoraModel

/// Nobody is served: these lives are about jobs and money.
struct NoTenants: TenantStore {
  func tenants() async throws(KinoraError) -> [TenantSettings] { [] }
  func put(
    _ tenant: TenantSettings, replacing version: Int, now: Milliseconds
  ) async throws(KinoraError) -> Bool { true }
  func quota(
    client: String, tenant: String, kind: QuotaKind, user: String, now: Milliseconds
  ) async throws(KinoraError) -> QuotaStanding {
    QuotaStanding(
      rule: QuotaRule(), user: .init(limit: 0, since: now, resetsAt: now),
      pool: .init(limit: 0, since: now, resetsAt: now))
  }
  func reset(
    _ reset: QuotaReset, client: String, tenant: String, kind: QuotaKind, by: String,
    now: Milliseconds
  ) async throws(KinoraError) {}
  func undelivered(before limit: Milliseconds, most: Int) async throws(KinoraError) -> [JobID] {
    []
  }
  func quotaDifferences() async throws(KinoraError) -> [String] { [] }
}
