import Synchronization

/// What a server has done since it was made.
public struct HTTPStatistics: Sendable, Equatable {
  /// Connections taken in.
  public var accepted: UInt64 = 0
  /// Connections answered 503 for want of room or of descriptors.
  public var turnedAway: UInt64 = 0
  /// Connections that stand now.
  public var open: UInt64 = 0
  /// Heads that reached the service.
  public var requests: UInt64 = 0
  /// Requests that the server answered itself: malformed, too large, too slow, not for this host.
  public var refused: UInt64 = 0
  /// Connections closed because the client took nothing for too long or left too much unread.
  public var stalled: UInt64 = 0
  /// Streams that stand now.
  public var streams: UInt64 = 0
  /// Bytes read.
  public var bytesIn: UInt64 = 0
  /// Bytes handed to the kernel.
  public var bytesOut: UInt64 = 0
}

/// The same as counters: written by the loop's thread alone, read from anywhere.
final class HTTPCounters: Sendable {
  private let accepted = Atomic<UInt64>(0)
  private let turnedAway = Atomic<UInt64>(0)
  private let open = Atomic<UInt64>(0)
  private let requests = Atomic<UInt64>(0)
  private let refused = Atomic<UInt64>(0)
  private let stalled = Atomic<UInt64>(0)
  private let streams = Atomic<UInt64>(0)
  private let bytesIn = Atomic<UInt64>(0)
  private let bytesOut = Atomic<UInt64>(0)

  func didAccept() { accepted.bump(1) }
  func didTurnAway() { turnedAway.bump(1) }
  func setOpen(_ count: Int) { open.store(UInt64(count), ordering: .relaxed) }
  func didReceiveRequest() { requests.bump(1) }
  func didRefuse() { refused.bump(1) }
  func didStall() { stalled.bump(1) }
  func streamBegan() { streams.bump(1) }
  func streamEnded() { streams.bump(UInt64.max) }
  func didRead(_ count: Int) { bytesIn.bump(UInt64(count)) }
  func didSend(_ count: Int) { bytesOut.bump(UInt64(count)) }

  var snapshot: HTTPStatistics {
    HTTPStatistics(
      accepted: accepted.load(ordering: .relaxed),
      turnedAway: turnedAway.load(ordering: .relaxed), open: open.load(ordering: .relaxed),
      requests: requests.load(ordering: .relaxed), refused: refused.load(ordering: .relaxed),
      stalled: stalled.load(ordering: .relaxed), streams: streams.load(ordering: .relaxed),
      bytesIn: bytesIn.load(ordering: .relaxed), bytesOut: bytesOut.load(ordering: .relaxed))
  }
}

extension Atomic<UInt64> {
  /// One writer, so a load and a store are enough, and cheaper than a locked add.
  fileprivate func bump(_ by: UInt64) {
    store(load(ordering: .relaxed) &+ by, ordering: .relaxed)
  }
}
