/// How far a job may be, guessed from what finished jobs of its model took. Never the provider's word:
/// it is kept apart from `progress` and marked wherever it is shown.
public struct Estimate: Sendable, Equatable {
  /// 0…950. An estimate does not end a job, so it never says that it is done.
  public var permille: Int
  /// Until nine of ten jobs were done; nil when this one takes longer than those.
  public var left: Milliseconds?

  /// The most that is ever guessed.
  public static let most = 950

  /// - Parameter elapsed: since the provider took it, or since it was accepted
  public init(_ typical: TypicalTime, elapsed: Milliseconds) {
    let whole = max(typical.most, 1)
    let done = min(max(elapsed, 0), whole)
    permille = min(Int(done * 1000 / whole), Self.most)
    left = elapsed < whole ? whole - done : nil
  }

  /// What can be guessed about a job: nil without three finished ones of its model, before its
  /// provider has it, once it is over, and where the provider tells a figure of its own.
  public static func of(_ record: JobRecord, now: Milliseconds) -> Estimate? {
    guard let typical = record.typical, record.progressPermille == nil,
      [.submitted, .running].contains(record.state)
    else { return nil }
    return Estimate(typical, elapsed: now - (record.submittedAt ?? record.createdAt))
  }
}
