public import KinoraModel
import Synchronization

/// The settings of all tenants in memory: every request of one looks here first.
///
/// The store has the same on disk and alone counts; nothing is decided about a quota here.
public final class TenantBook: Sendable {
  private struct Key: Hashable {
    var client: String
    var name: String
  }
  let store: any TenantStore
  private let rows: Mutex<[Key: TenantSettings]>

  /// The tenants of a store, as `known` has them from it.
  public init(store: any TenantStore, known: [TenantSettings] = []) {
    self.store = store
    var rows: [Key: TenantSettings] = [:]
    for tenant in known { rows[Key(client: tenant.client, name: tenant.name)] = tenant }
    self.rows = Mutex(rows)
  }

  /// A tenant's settings; one that nobody has set has the defaults.
  public func settings(client: String, _ name: String) -> TenantSettings {
    rows.withLock { $0[Key(client: client, name: name)] }
      ?? TenantSettings(client: client, name: name)
  }

  /// Changes a tenant's settings on disk, then here. `change` is called again when somebody else was
  /// faster. Throws what `change` throws.
  func update(
    client: String, _ name: String, now: Milliseconds,
    _ change: (inout TenantSettings) throws(KinoraError) -> Void
  ) async throws(KinoraError) -> TenantSettings {
    for _ in 0..<100 {
      let before = settings(client: client, name)
      var after = before
      try change(&after)
      after.version = before.version + 1
      if try await store.put(after, replacing: before.version, now: now) {
        let written = after
        rows.withLock { rows in
          let key = Key(client: client, name: name)
          if rows[key].map({ $0.version < written.version }) ?? true { rows[key] = written }
        }
        return written
      }
      await Task.yield()
    }
    throw KinoraError(.unavailable, "\(name) is being changed by others all the time")
  }
}
