/// One line of the event log.
public struct JobEvent: Sendable, Equatable {
  /// Position in the whole log; grows without repeats. It is the SSE id.
  public var seq: Int64
  /// The job.
  public var job: JobID
  /// Position in the job's own log, 1, 2, … without gaps.
  public var number: Int
  /// The job's client.
  public var client: String
  /// When.
  public var at: Milliseconds
  /// `job.accepted`, `job.running`, … : `job.` and the state, or another word about the job.
  public var type: String
  /// JSON object: `{"id","state","status","attempt",…}`.
  public var data: [UInt8]

  /// An event.
  public init(
    seq: Int64, job: JobID, number: Int, client: String, at: Milliseconds, type: String,
    data: [UInt8]
  ) {
    self.seq = seq
    self.job = job
    self.number = number
    self.client = client
    self.at = at
    self.type = type
    self.data = data
  }
}

/// What was learned about a paid request. Only ever added.
public struct EvidenceRow: Sendable, Equatable {
  /// Which purchase.
  public var attempt: Int
  /// Which paid request of it.
  public var ordinal: Int
  /// `permit`, `answer`, `failure`, `repeat`, `reconcile`, `resolve`, …
  public var kind: String
  /// When.
  public var at: Milliseconds
  /// Facts as JSON; never secrets.
  public var detail: JSON

  /// A row.
  public init(attempt: Int, ordinal: Int, kind: String, at: Milliseconds, detail: JSON) {
    self.attempt = attempt
    self.ordinal = ordinal
    self.kind = kind
    self.at = at
    self.detail = detail
  }
}
