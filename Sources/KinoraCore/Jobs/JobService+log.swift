public import KinoraModel

/// What followers of the event log and gauges of the front doors need.
extension JobService {
  /// The event with this seq, or nil when the log has none: pruned, of a history that a restored
  /// backup does not know, or never given out.
  public func event(seq: Int64) async throws(KinoraError) -> JobEvent? {
    guard seq > 0, seq <= hub.head else { return nil }
    if let recent = hub.recent(.all, after: seq - 1) {
      return recent.events.first.flatMap { $0.seq == seq ? $0 : nil }
    }
    return try await parts.store.events(
      after: seq - 1, upTo: seq, job: nil, client: nil, limit: 1
    ).first
  }

  /// Jobs in memory by state; complete for all states that are not terminal.
  public var counts: [JobState: Int] { parts.directory.counts() }
}
