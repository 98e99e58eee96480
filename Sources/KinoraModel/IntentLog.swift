/// One line of the intent journal: a paid request is about to leave.
///
/// It carries enough to rebuild a held record when the database has travelled back in time and knows
/// nothing of the job.
public struct Intent: Sendable, Codable, Equatable {
  /// The job.
  public var job: JobID
  /// Its client.
  public var client: String
  /// Its principal.
  public var principal: String
  /// The configured provider.
  public var provider: String
  /// Its plugin.
  public var plugin: String
  /// The model's id in the catalog.
  public var model: String
  /// Which purchase.
  public var attempt: Int
  /// Which paid request of it, from 1.
  public var ordinal: Int
  /// What is reserved for it.
  public var amount: MicroUSD
  /// The job's seed.
  public var seed: String
  /// True for a repeat under a deduplicating key.
  public var isRepeat: Bool
  /// When.
  public var at: Milliseconds

  /// The intent of a record's present paid request.
  public init(record: JobRecord, isRepeat: Bool, at: Milliseconds) {
    job = record.id
    client = record.client
    principal = record.principal
    provider = record.provider
    plugin = record.plugin
    model = record.model
    attempt = record.attempt
    ordinal = record.ordinal
    amount = record.reserved
    seed = record.seed
    self.isRepeat = isRepeat
    self.at = at
  }
}

/// The append-only file beside the database.
public protocol IntentLog: Sendable {
  /// Returns when the line is on disk. Throws `storeFailed`; the daemon must end then.
  func append(_ intent: Intent) async throws(KinoraError)
}
