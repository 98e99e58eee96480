/// One fact that went wrong: what, where, and what would have been right.
///
/// The whole project throws this type. Wording for people, HTTP statuses and exit codes are derived
/// from `code` in one table at the front doors; library code never words them itself.
public struct KinoraError: Error, Sendable, Equatable {
  /// Which fact. Stable; clients compare it.
  public var code: Code
  /// One sentence without secrets and without upstream HTML.
  public var message: String
  /// The request field or configuration key it is about, as a dotted path.
  public var field: String?
  /// The values that would have been accepted, in words a person can type.
  public var allowed: [String]
  /// Seconds after which a repeat makes sense.
  public var retryAfter: Int?
  /// The provider's own words, cleaned.
  public var providerMessage: String?
  /// More about it for programs, members of an object: `limit`, `resets_at`.
  public var facts: [JSONMember] = []

  /// A fact with its circumstances.
  public init(
    _ code: Code, _ message: String, field: String? = nil, allowed: [String] = [],
    retryAfter: Int? = nil, providerMessage: String? = nil
  ) {
    self.code = code
    self.message = message
    self.field = field
    self.allowed = allowed
    self.retryAfter = retryAfter
    self.providerMessage = providerMessage
  }
}

extension KinoraError {
  /// A stable word for a fact.
  public struct Code: RawRepresentable, Hashable, Sendable, Codable {
    /// The word, `snake_case`.
    public var rawValue: String
    /// A code from its word.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// A code from its word.
    public init(_ rawValue: String) { self.rawValue = rawValue }
  }
}

extension KinoraError.Code {
  // What a client sent.

  /// The body is not JSON, or not what its content type says.
  public static let malformedBody = Self("malformed_body")
  /// A field has a wrong type or value.
  public static let badField = Self("bad_field")
  /// A field that nobody knows.
  public static let unknownField = Self("unknown_field")
  /// No prompt where one is needed.
  public static let promptMissing = Self("prompt_missing")
  /// The model is not in any loaded catalog, or the name fits several.
  public static let modelUnknown = Self("model_unknown")
  /// The model was shut down by its provider.
  public static let modelRetired = Self("model_retired")
  /// The model has no price and the request names no `max_cost_usd`.
  public static let modelUnpriced = Self("model_unpriced")
  /// The provider's credential is not configured or cannot be read.
  public static let credentialMissing = Self("credential_missing")
  /// Too many bytes in a body, a prompt or an upload.
  public static let tooLarge = Self("too_large")
  /// The bytes of an input are not the medium they claim to be.
  public static let badMedia = Self("bad_media")
  /// A URL that may not be fetched: not https, private, loopback, too many redirects.
  public static let urlRefused = Self("url_refused")
  /// The quote is above the request's `max_cost_usd`.
  public static let maxCostExceeded = Self("max_cost_exceeded")
  /// Reserving the quote would exceed a budget.
  public static let budgetExceeded = Self("budget_exceeded")
  /// The tenant's quota of results is used up.
  public static let quotaExceeded = Self("quota_exceeded")
  /// Videos are wanted of a model or a provider that makes none.
  public static let providerNoVideo = Self("provider_no_video")
  /// The tenant has videos switched off.
  public static let videoDisabled = Self("video_disabled")
  /// The tenant chose a provider and no model of it.
  public static let modelNotConfigured = Self("model_not_configured")
  /// Too many jobs wait already.
  public static let queueFull = Self("queue_full")
  /// The same idempotency key came with other fields.
  public static let idempotencyConflict = Self("idempotency_conflict")
  /// No such thing, or not yours.
  public static let notFound = Self("not_found")
  /// The method does not fit the path.
  public static let methodNotAllowed = Self("method_not_allowed")
  /// The operation does not fit the job's state.
  public static let wrongState = Self("wrong_state")
  /// The artifact is not there yet.
  public static let notReady = Self("not_ready")
  /// The artifact was removed by retention.
  public static let artifactExpired = Self("artifact_expired")
  /// Who are you?
  public static let unauthenticated = Self("unauthenticated")
  /// We know who you are, and no.
  public static let forbidden = Self("forbidden")
  /// The feature does not exist here.
  public static let notSupported = Self("not_supported")

  // What happened to a job.

  /// It cannot be known whether the provider took (and bills) the job.
  public static let heldForReview = Self("held_for_review")
  /// The client cancelled it.
  public static let cancelled = Self("cancelled")
  /// It passed its deadline.
  public static let expired = Self("expired")
  /// The provider refused the content.
  public static let contentBlocked = Self("content_blocked")
  /// The provider refused or failed the job.
  public static let providerRefused = Self("provider_refused")
  /// The provider's account has no credit or quota left.
  public static let providerExhausted = Self("provider_exhausted")
  /// The provider did not accept our credential.
  public static let providerUnauthenticated = Self("provider_unauthenticated")
  /// The provider could not be reached or answered 5xx.
  public static let providerUnavailable = Self("provider_unavailable")
  /// The provider's answer was not what its contract says.
  public static let providerProtocol = Self("provider_protocol")
  /// HTML where JSON was due: an edge in front of the provider answered.
  public static let edgeBlocked = Self("edge_blocked")
  /// The finished asset is gone, damaged or not playable.
  public static let assetUnusable = Self("asset_unusable")
  /// A plugin broke its contract.
  public static let pluginFault = Self("plugin_fault")

  // What happened to us.

  /// The daemon is stopping.
  public static let draining = Self("draining")
  /// A part that the request needs does not work now.
  public static let unavailable = Self("unavailable")
  /// No space on disk, or below the free-space floor.
  public static let storageFull = Self("storage_full")
  /// The store failed.
  public static let storeFailed = Self("store_failed")
  /// A configuration error.
  public static let configuration = Self("configuration")
  /// A bug.
  public static let internalError = Self("internal_error")
}
