/// What is counted by itself: a quota of videos says nothing about images.
public enum QuotaKind: String, Sendable, Codable, CaseIterable {
  case video
  case image
}

/// How many results a tenant may have.
public struct QuotaRule: Sendable, Equatable {
  /// For each end user on a UTC day, 0…100; 0 is no limit.
  public var perUserPerDay = 3
  /// For the whole tenant in a period, 0…99,999; 0 is no limit.
  public var pool = 0
  /// Days of a period, 1…365.
  public var poolDays = 365
  /// Whether the limits hold. What is made is counted either way.
  public var isEnabled = true

  /// The limits of a tenant that nobody has set.
  public init() {}
}

/// Somebody a client serves: a chat server of a bot, a project of a team.
public struct TenantSettings: Sendable, Equatable {
  /// A model slot that was in use with another provider.
  public struct SavedModel: Sendable, Equatable {
    /// The provider.
    public var provider: String
    /// The slot as it was; nil when it was empty.
    public var model: String?
    /// When the tenant went to another provider.
    public var savedAt: Milliseconds

    /// A slot that is put aside.
    public init(provider: String, model: String?, savedAt: Milliseconds) {
      self.provider = provider
      self.model = model
      self.savedAt = savedAt
    }
  }

  /// The client that serves it.
  public var client: String
  /// Its name, the client's own: 1…128 bytes.
  public var name: String
  /// Grows with every change, from 1.
  public var version = 1
  /// Whether videos may be made at all.
  public var isEnabled = true
  /// `PROVIDER/MODEL` when a request names no model.
  public var model: String?
  /// The provider that was chosen; with it an empty slot is filled by nothing.
  public var provider: String?
  /// Slots of other providers.
  public var saved: [SavedModel] = []
  /// Limits by kind.
  public var quotas: [QuotaKind: QuotaRule] = [.video: QuotaRule(), .image: QuotaRule()]
  /// A larger file is kept and not counted: the tenant cannot take it.
  public var maxOutputBytes: Int64?
  /// The name of a configured delivery profile, for its limit.
  public var profile: String?
  /// Words added to every prompt that is sent; never shown with the job.
  public var promptSuffix: String?
  /// Styles of its own, by name.
  public var styles: [String: StylePreset] = [:]

  /// A tenant as it is before anybody has changed anything.
  public init(client: String, name: String) {
    self.client = client
    self.name = name
  }
}

/// What a job takes of a tenant's quota.
public struct QuotaClaim: Sendable, Equatable {
  /// The client.
  public var client: String
  /// The tenant.
  public var tenant: String
  /// The end user; empty where the request named none.
  public var user: String
  /// What is counted.
  public var kind: QuotaKind
  /// How many results.
  public var units: Int
  /// When.
  public var at: Milliseconds

  /// A claim.
  public init(
    client: String, tenant: String, user: String, kind: QuotaKind, units: Int, at: Milliseconds
  ) {
    self.client = client
    self.tenant = tenant
    self.user = user
    self.kind = kind
    self.units = units
    self.at = at
  }
}

/// What one change does to the quota of its job. An end without delivery releases by itself.
public enum QuotaMove: Sendable, Equatable {
  /// Reserve, or refuse the change with `quotaExceeded`.
  case reserve(QuotaClaim)
  /// It was delivered: count it. Once only; also after it was released.
  case count(at: Milliseconds)
  /// Give it back. Once only.
  case release
}

/// How a tenant and one of its users stand.
public struct QuotaStanding: Sendable, Equatable {
  /// One of the two counts.
  public struct Count: Sendable, Equatable {
    /// Delivered.
    public var used = 0
    /// On the way.
    public var reserved = 0
    /// 0 is no limit.
    public var limit: Int
    /// When the count began; for a user the start of the UTC day.
    public var since: Milliseconds
    /// When it begins anew.
    public var resetsAt: Milliseconds

    /// Nothing counted yet.
    public init(limit: Int, since: Milliseconds, resetsAt: Milliseconds) {
      self.limit = limit
      self.since = since
      self.resetsAt = resetsAt
    }

    /// What may still be made; nil without a limit.
    public var remaining: Int? { limit == 0 ? nil : max(0, limit - used - reserved) }
  }
  /// The limits.
  public var rule: QuotaRule
  /// The user's day.
  public var user: Count
  /// The tenant's period.
  public var pool: Count

  /// A standing.
  public init(rule: QuotaRule, user: Count, pool: Count) {
    self.rule = rule
    self.user = user
    self.pool = pool
  }
}

/// What of a tenant's quota begins anew.
public enum QuotaReset: Sendable, Equatable {
  /// A user's present day.
  case user(String)
  /// The tenant's period, which begins now.
  case pool
}

/// Tenants and their quotas, on disk. Claims and releases are members of `JobStore.commit`.
public protocol TenantStore: Sendable {
  /// Every tenant that was used or set.
  func tenants() async throws(KinoraError) -> [TenantSettings]
  /// Writes a tenant whose version on disk is still `version`; false when it is another by now.
  /// A pool that begins to count begins a period at `now`; other days move the end of the present one.
  func put(
    _ tenant: TenantSettings, replacing version: Int, now: Milliseconds
  ) async throws(KinoraError) -> Bool
  /// How a tenant and one of its users stand.
  func quota(
    client: String, tenant: String, kind: QuotaKind, user: String, now: Milliseconds
  ) async throws(KinoraError) -> QuotaStanding
  /// Begins a count anew; what is reserved stays so. `by` is remembered with it.
  func reset(
    _ reset: QuotaReset, client: String, tenant: String, kind: QuotaKind, by: String,
    now: Milliseconds
  ) async throws(KinoraError)
  /// Completed jobs that hold quota and ended before `limit`: nobody has taken them.
  func undelivered(before limit: Milliseconds, most: Int) async throws(KinoraError) -> [JobID]
  /// Counts that do not agree with the jobs that hold or used quota; empty when all is exact.
  func quotaDifferences() async throws(KinoraError) -> [String]
}
