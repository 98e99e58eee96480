public import KinoraModel
import Synchronization

/// What the front doors call: one job core for all dialects.
public final class JobService: Sendable {
  /// Settings that a reload may change.
  public struct Policy: Sendable {
    /// Models and providers.
    public var index: ModelIndex
    /// Waiting jobs a client may have; 0 for no limit.
    public var maxQueued: Int
    /// What a day may cost on this host; nil for no limit.
    public var hostCap: MicroUSD?
    /// The configured clients.
    public var clients = ClientTable.none
    /// The largest file of each delivery profile, in bytes.
    public var deliveryProfiles: [String: Int64] = [:]
    /// How long a job may wait for its turn.
    public var queueWait: Milliseconds = Limits.queueWait
    /// What forms offer at most.
    public var forms = FormBounds()
    /// How long jobs that are over are kept; nil for ever.
    public var jobLife: Milliseconds?
    /// Styles that everybody may name.
    public var styles: [String: StylePreset] = [:]
    /// Ordered lists of models by the name of a route.
    public var routes: [String: [String]] = [:]
    /// Why no job can be accepted for a provider (a credential that cannot be read), or nil. Asked
    /// for every request, so it must be cheap.
    public var readiness: @Sendable (_ provider: String) -> KinoraError? = { _ in nil }

    /// Whom a client may name as the customer that a job is for, by client (`uid:1000`, `key:shop`).
    public var customers: [String: Customers] = [:]

    /// A policy.
    public init(index: ModelIndex, maxQueued: Int, hostCap: MicroUSD?) {
      self.index = index
      self.maxQueued = maxQueued
      self.hostCap = hostCap
    }
  }

  let engine: Engine
  let parts: EngineParts
  /// The event log's memory.
  public let hub: EventHub
  let repeats: RepeatGuard
  /// The tenants of all clients.
  public let tenants: TenantBook
  private let policyBox: Mutex<Policy>
  let digest: @Sendable ([UInt8]) -> String

  /// - Parameters:
  ///   - digest: SHA-256 in hexadecimal
  ///   - connectionIsOpen: whether the connection that carried an answer still stands
  public init(
    engine: Engine, parts: EngineParts, hub: EventHub, policy: Policy, tenants: TenantBook,
    digest: @escaping @Sendable ([UInt8]) -> String,
    connectionIsOpen: @escaping @Sendable (UInt64) -> Bool
  ) {
    self.engine = engine
    self.parts = parts
    self.hub = hub
    self.tenants = tenants
    self.digest = digest
    policyBox = Mutex(policy)
    parts.directory.keepJobs(policy.jobLife)
    repeats = RepeatGuard(clock: parts.clock, connectionIsOpen: connectionIsOpen)
  }

  /// 32 hexadecimal digits that follow from a text.
  public func name(of text: String) -> String { String(digest(Array(text.utf8)).prefix(32)) }

  /// The policy in force.
  public var policy: Policy { policyBox.withLock { $0 } }

  /// The clients in force; asked for every request.
  public var clients: ClientTable { policyBox.withLock { $0.clients } }

  /// Puts a new policy in force, for the engine as well.
  public func apply(_ policy: Policy) async {
    policyBox.withLock { $0 = policy }
    parts.directory.keepJobs(policy.jobLife)
    let clients = policy.clients
    await engine.configure(policy.index, clientLimit: { clients.concurrency($0) })
  }

  /// The models that a viewer may use, in the order of the configuration.
  public func models(_ viewer: Viewer) -> [ModelIndex.Entry] {
    let policy = policy
    guard let rules = policy.clients.rules(viewer.client) else { return policy.index.entries }
    return policy.index.entries.filter(rules.allows)
  }

  /// What a client may have waiting and with providers at once, 0 for no limit, and how many wait.
  /// The engine is asked only where there is a limit on them.
  public func room(_ client: String) async -> (maxQueued: Int, queued: Int, concurrency: Int) {
    let policy = policy
    let queued = policy.maxQueued == 0 ? 0 : await engine.queued(client)
    return (policy.maxQueued, queued, policy.clients.concurrency(client))
  }

  // MARK: Making jobs

  /// What a request would become and cost; makes nothing. Throws every error that making it would
  /// throw, budgets aside.
  public func quote(_ submission: Submission) throws(KinoraError) -> QuoteAnswer {
    let policy = policy
    let submission = try styled(submission)
    if !submission.models.isEmpty {
      for (at, model) in submission.models.enumerated() {
        do throws(KinoraError) {
          _ = try policy.index.resolve(model)
        } catch {
          var named = error
          named.field = "models.\(at)"
          throw named
        }
      }
      let name = submission.models.joined(separator: ", ")
      return try quote(submission, route: name, submission.models, policy)
    }
    if let name = try? wish(submission, policy), let models = policy.routes[name] {
      return try quote(submission, route: name, models, policy)
    }
    return try quote(submission, try entry(for: submission), policy)
  }

  /// The same for one model.
  func quote(
    _ submission: Submission, _ entry: ModelIndex.Entry, _ policy: Policy
  ) throws(KinoraError) -> QuoteAnswer {
    try check(entry, submission, policy)
    let door = DoorDefaults.table[submission.door] ?? DoorDefaults(alwaysSnaps: false)
    let resolved = try Resolver.resolve(
      submission.request, for: entry.model, at: entry.settings.baseURL, door: door,
      now: parts.clock.now())
    try Self.checkWords(resolved.request, tenant(submission), entry.model)
    if let why = policy.readiness(entry.settings.name) { throw why }
    let quote = try Pricing.quote(
      resolved, model: entry.model, assume: entry.settings.assumeCost)
    return QuoteAnswer(entry: entry, resolved: resolved, quote: quote)
  }

  /// Accepts a job, or answers the one that the same key or the same undelivered request made.
  public func submit(_ submission: Submission) async throws(KinoraError) -> Accepted {
    let answer: QuoteAnswer
    do {
      answer = try quote(submission)
    } catch {
      if let record = try await known(submission) {
        return Accepted(record: record, isReplay: true)
      }
      throw error
    }
    let fingerprint = Fingerprint.of(answer, submission, digest: digest)
    return try await repeats.guarding(submission, fingerprint, store: parts.store) {
      record throws(KinoraError) in
      try await self.answerFor(record)
    } make: { () throws(KinoraError) -> JobRecord in
      try await self.make(submission, answer, fingerprint)
    }
  }

  /// The job of a key whose model, plugin or credential is gone since: what was accepted once is
  /// answered, though it could not be accepted today. Without the model the fields cannot be brought
  /// into their canonical form, so prompt and style stand for them.
  private func known(_ submission: Submission) async throws(KinoraError) -> JobRecord? {
    guard let key = submission.key,
      let found = try await parts.store.idempotent(client: submission.viewer.client, key: key)
    else { return nil }
    let record = try await answerFor(found.job)
    let isSame =
      record.request.prompt == submission.request.prompt
      && record.request.stylePreset == submission.request.stylePreset
    return isSame ? record : nil
  }

  private func make(_ submission: Submission, _ answer: QuoteAnswer, _ fingerprint: String)
    async throws(KinoraError) -> JobRecord
  {
    let policy = policy
    let floor = parts.artifacts.freeFloor()
    guard parts.artifacts.freeBytes() > floor else {
      throw KinoraError(
        .storageFull,
        "less than \(floor / 1_048_576) MiB are free in the state directory",
        retryAfter: 60)
    }
    let now = parts.clock.now()
    let settings = answer.entry.settings
    let record = JobRecord(
      id: JobID(random: parts.entropy.bytes(16)), client: submission.viewer.client,
      principal: submission.viewer.principal, door: submission.door, createdAt: now,
      request: answer.resolved.request, kind: answer.resolved.kind, provider: settings.name,
      plugin: settings.plugin, model: answer.entry.model.id,
      seed: parts.entropy.bytes(16).hexadecimal, terms: answer.entry.model.terms,
      quote: answer.quote, queueUntil: now + policy.queueWait)
    var made = record
    made.asked = answer.resolved.asked
    made.route = answer.route
    made.choices = answer.choices
    made.typical = parts.timings.typical(provider: made.provider, model: made.model)
    var quota: QuotaMove?
    if let tenant = tenant(submission) {
      made.tenantTerms = terms(tenant)
      quota = .reserve(
        QuotaClaim(
          client: made.client, tenant: tenant.name, user: made.request.endUser ?? "",
          kind: made.kind == .image ? .image : .video, units: made.request.count, at: now))
    }
    return try await engine.accept(
      made, key: submission.key, fingerprint: fingerprint,
      scopes: scopes(client: record.client, endUser: answer.resolved.request.endUser),
      maxQueued: policy.maxQueued, quota: quota)
  }

  /// The budgets a job of this client counts against.
  public func scopes(client: String, endUser: String?) -> [BudgetScope] {
    let policy = policy
    let rules = policy.clients.rules(client)
    var scopes = [
      BudgetScope("host", cap: policy.hostCap),
      BudgetScope("client:\(client)", cap: rules?.dayCap),
    ]
    if let cap = rules?.monthCap { scopes.append(BudgetScope("month:\(client)", cap: cap)) }
    if let endUser {
      scopes.append(BudgetScope("user:\(client)/\(endUser)", cap: rules?.userDayCap))
    }
    return scopes
  }

  private func answerFor(_ id: JobID) async throws(KinoraError) -> JobRecord {
    if let entry = parts.directory.get(id) { return entry.record }
    guard let record = try await parts.store.job(id) else {
      throw KinoraError(.notFound, "the job of this key was deleted")
    }
    return record
  }
}
