/// What of its tenant's settings a job keeps for its life.
public struct TenantTerms: Sendable, Codable, Equatable {
  /// The version of the settings.
  public var version: Int
  /// Words that are sent behind the prompt and shown to nobody.
  public var promptSuffix: String?
  /// The largest file that the tenant can take.
  public var maxOutputBytes: Int64?

  /// Terms.
  public init(version: Int, promptSuffix: String?, maxOutputBytes: Int64?) {
    self.version = version
    self.promptSuffix = promptSuffix
    self.maxOutputBytes = maxOutputBytes
  }
}

/// Whether the client has taken the result; the quota counts what was taken.
public struct Delivery: Sendable, Codable, Equatable {
  /// How it stands.
  public enum Status: String, Sendable, Codable {
    /// The file waits; its quota is reserved.
    case pending
    /// The client read it to its end, or said so. It is counted.
    case delivered
    /// Nobody took it in time. The file is there; it is not counted.
    case released
    /// The file is larger than the tenant takes. It is there; it is not counted.
    case tooLarge = "too_large"
  }
  /// How it stands.
  public var status: Status
  /// Since when.
  public var at: Milliseconds

  /// A delivery.
  public init(_ status: Status, at: Milliseconds) {
    self.status = status
    self.at = at
  }
}

/// What jobs of a model took from acceptance to their files, measured.
public struct TypicalTime: Sendable, Codable, Equatable {
  /// Half of them took at most this.
  public var median: Milliseconds
  /// Nine of ten took at most this.
  public var most: Milliseconds

  /// Two figures.
  public init(median: Milliseconds, most: Milliseconds) {
    self.median = median
    self.most = most
  }
}
