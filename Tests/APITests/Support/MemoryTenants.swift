import KinoraModel
import Synchronization

/// Tenants in memory. Nothing counts here: counting is the store's.
final class MemoryTenants: TenantStore {
  private let rows = Mutex<[String: TenantSettings]>([:])
  /// Resets that were asked for.
  let resets = Mutex<[QuotaReset]>([])
  /// What every user has used.
  let used = Mutex(0)

  func tenants() async throws(KinoraError) -> [TenantSettings] {
    rows.withLock { $0.values.sorted { $0.name < $1.name } }
  }

  func put(
    _ tenant: TenantSettings, replacing version: Int, now: Milliseconds
  ) async throws(KinoraError) -> Bool {
    rows.withLock { rows in
      guard (rows["\(tenant.client)/\(tenant.name)"]?.version ?? 1) == version else { return false }
      rows["\(tenant.client)/\(tenant.name)"] = tenant
      return true
    }
  }

  func quota(
    client: String, tenant: String, kind: QuotaKind, user: String, now: Milliseconds
  ) async throws(KinoraError) -> QuotaStanding {
    let rule = rows.withLock { $0["\(client)/\(tenant)"]?.quotas[kind] } ?? QuotaRule()
    var day = QuotaStanding.Count(limit: rule.perUserPerDay, since: now, resetsAt: now + 1000)
    day.used = used.withLock { $0 }
    return QuotaStanding(
      rule: rule, user: day,
      pool: QuotaStanding.Count(limit: rule.pool, since: now, resetsAt: now + 2000))
  }

  func reset(
    _ reset: QuotaReset, client: String, tenant: String, kind: QuotaKind, by: String,
    now: Milliseconds
  ) async throws(KinoraError) { resets.withLock { $0.append(reset) } }

  func undelivered(before limit: Milliseconds, most: Int) async throws(KinoraError) -> [JobID] {
    []
  }
  func quotaDifferences() async throws(KinoraError) -> [String] { [] }
}
