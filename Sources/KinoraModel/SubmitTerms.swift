/// What a paid submit to a model may rely on. Part of the catalog, frozen into each job.
public struct SubmitTerms: Sendable, Codable, Equatable {
  /// How a repeat is recognised by the provider.
  public enum Dedupe: String, Sendable, Codable, CaseIterable { case none, key }
  /// How an unknown submit can be looked up.
  public enum Reconcile: String, Sendable, Codable, CaseIterable {
    case none
    case byTag = "by_tag"
    case byList = "by_list"
  }
  /// When the provider bills.
  public enum Bills: String, Sendable, Codable, CaseIterable { case accept, success }
  /// What the provider can still cancel.
  public enum Cancel: String, Sendable, Codable, CaseIterable { case none, queued, any }

  /// How a repeat is recognised.
  public var dedupe: Dedupe = .none
  /// How long the provider remembers the key, seconds.
  public var keyLifeSeconds: Int = 86_400
  /// How an unknown submit can be looked up.
  public var reconcile: Reconcile = .none
  /// Statuses that prove that nothing was accepted.
  public var definiteStatuses: [Int] = [400, 401, 402, 403, 404, 413, 422, 429]
  /// When the provider bills.
  public var bills: Bills = .success
  /// How long a result can be fetched, seconds.
  public var assetLifeSeconds: Int = 86_400
  /// What can be cancelled.
  public var cancel: Cancel = .none
  /// Paid requests that one attempt needs.
  public var paidSends: Int = 1
  /// From the accepted submit to the end, seconds.
  public var deadlineSeconds: Int = 3600
  /// One paid exchange, seconds.
  public var submitTimeoutSeconds: Int = 120

  /// The careful defaults: nothing is deduplicated, nothing can be looked up.
  public init() {}
}
