public import KinoraModel

/// Requests for somebody whom a client serves.
extension JobService {
  /// The settings that a request is made under; nil without a tenant.
  public func tenant(_ submission: Submission) -> TenantSettings? {
    submission.request.tenant.map {
      tenants.settings(client: submission.viewer.client, $0)
    }
  }

  /// The model that a request means; of a route the first. Throws `videoDisabled` where the tenant has
  /// videos switched off, `modelNotConfigured`, `modelUnknown`, or `forbidden` for what the client may
  /// not use.
  public func entry(for submission: Submission) throws(KinoraError) -> ModelIndex.Entry {
    let policy = policy
    let found: ModelIndex.Entry
    do throws(KinoraError) {
      let name = try wish(submission, policy)
      found = try policy.index.resolve(name.flatMap { policy.routes[$0]?.first } ?? name)
    } catch {
      if let tenant = tenant(submission), !tenant.isEnabled { throw Self.disabled(tenant) }
      throw error
    }
    try check(found, submission, policy)
    return found
  }

  /// Throws what the client's rules and the tenant's switch say against a model.
  func check(
    _ entry: ModelIndex.Entry, _ submission: Submission, _ policy: Policy
  ) throws(KinoraError) {
    if let tenant = tenant(submission), !tenant.isEnabled, entry.model.medium == "video" {
      throw Self.disabled(tenant)
    }
    if DoorDefaults.table[submission.door]?.wantsVideo == true, entry.model.medium != "video" {
      throw policy.index.noVideo(entry)
    }
    guard let rules = policy.clients.rules(submission.viewer.client), !rules.allows(entry) else {
      return
    }
    throw KinoraError(
      .forbidden, "\(rules.name) may not use \(entry.id)", field: "model",
      allowed: policy.index.entries.filter(rules.allows).map(\.id))
  }

  /// The name of a model or a route: the request's own word, the tenant's slot, the host's
  /// default, the door's.
  func wish(_ submission: Submission, _ policy: Policy) throws(KinoraError) -> String? {
    let (request, tenant, index) = (submission.request, tenant(submission), policy.index)
    if let first = submission.models.first { return first }
    if !request.model.isEmpty { return request.model }
    if let model = tenant?.model { return model }
    // Another provider's default would be a switch that nobody asked for.
    guard let tenant, tenant.provider != nil || index.defaultModel == nil else {
      return index.defaultModel ?? DoorDefaults.table[submission.door]?.model
    }
    throw KinoraError(
      .modelNotConfigured,
      "\(tenant.name) has \(tenant.provider.map { "the provider \($0) and " } ?? "")no model: set "
        + "its model, or name one", field: "model",
      allowed: index.entries.lazy.filter { entry in
        entry.model.medium == "video"
          && (tenant.provider == nil || tenant.provider == entry.settings.name)
      }.prefix(8).map(\.id))
  }

  private static func disabled(_ tenant: TenantSettings) -> KinoraError {
    KinoraError(.videoDisabled, "\(tenant.name) has videos switched off", field: "tenant")
  }

  /// What a job keeps of its tenant's settings.
  func terms(_ tenant: TenantSettings) -> TenantTerms {
    TenantTerms(
      version: tenant.version, promptSuffix: tenant.promptSuffix,
      maxOutputBytes: maxOutputBytes(tenant))
  }

  /// The largest file that a tenant takes; nil for any.
  public func maxOutputBytes(_ tenant: TenantSettings) -> Int64? {
    tenant.maxOutputBytes ?? tenant.profile.flatMap { policy.deliveryProfiles[$0] }
  }

  // MARK: Settings and counts

  /// Changes a tenant's settings.
  public func updateTenant(
    client: String, _ name: String,
    _ change: (inout TenantSettings) throws(KinoraError) -> Void
  ) async throws(KinoraError) -> TenantSettings {
    try await tenants.update(client: client, name, now: parts.clock.now(), change)
  }

  /// Every tenant that was used or set, of one client or of all.
  public func allTenants(client: String?) async throws(KinoraError) -> [TenantSettings] {
    try await tenants.store.tenants().filter { client == nil || $0.client == client }
  }

  /// How a tenant and one of its users stand.
  public func quota(
    client: String, tenant: String, kind: QuotaKind, user: String
  ) async throws(KinoraError) -> QuotaStanding {
    try await tenants.store.quota(
      client: client, tenant: tenant, kind: kind, user: user, now: parts.clock.now())
  }

  /// Begins a count anew.
  public func resetQuota(
    _ reset: QuotaReset, client: String, tenant: String, kind: QuotaKind, _ viewer: Viewer
  ) async throws(KinoraError) {
    try await tenants.store.reset(
      reset, client: client, tenant: tenant, kind: kind, by: viewer.principal,
      now: parts.clock.now())
  }

  /// The owner's client has the result. Throws `notReady` before there is one, `wrongState` where
  /// there never will be.
  public func confirmDelivery(_ id: JobID, _ viewer: Viewer) async throws(KinoraError) -> JobRecord
  {
    let record = try await job(id, viewer)
    guard record.state == .completed else {
      throw KinoraError(
        record.state.isOutwardlyOver ? .wrongState : .notReady,
        "\(id) is \(record.state.rawValue): there is nothing that could be delivered")
    }
    await engine.tellEnded(id, .delivered)
    return try await job(id, viewer)
  }

  /// The content was read to its end by somebody; only its owner's reading counts.
  public func wasRead(_ record: JobRecord, _ viewer: Viewer) {
    guard viewer.client == record.client, record.delivery?.isOpen == true else { return }
    Task { [engine] in await engine.tellEnded(record.id, .delivered) }
  }

  /// Lets go of the quota of results that nobody took until `limit`.
  /// - Returns: how many.
  public func releaseUndelivered(before limit: Milliseconds) async throws(KinoraError) -> Int {
    let root = Viewer(principal: "uid:0", client: "uid:0", isAdmin: true)
    var count = 0
    while true {
      let found = try await tenants.store.undelivered(before: limit, most: 500)
      for id in found {
        _ = try await job(id, root)
        await engine.tellEnded(id, .undelivered)
      }
      count += found.count
      // What could not be let go of now would come again.
      if found.count < 500 { return count }
    }
  }
}

extension Delivery {
  /// True while a delivery would be counted.
  var isOpen: Bool { status == .pending || status == .released }
}
