import CSys

/// What a descriptor is watched for, and what happened to it: epoll's bits by name.
public struct Readiness: OptionSet, Sendable {
  /// The bits as the kernel has them.
  public let rawValue: UInt32

  /// A set from the kernel's bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Something can be read, a connection can be accepted, or the end of the input was reached.
  public static let read = Readiness(rawValue: EPOLLIN.rawValue)
  /// Something can be written again.
  public static let write = Readiness(rawValue: EPOLLOUT.rawValue)
  /// The peer writes no more. It may still read: a half-closed client waits for its answer.
  public static let peerFinished = Readiness(rawValue: EPOLLRDHUP.rawValue)
  /// Both directions are closed. Always watched for. On a Unix socket it means that the peer is
  /// gone; on TCP a peer that closed shows only as `peerFinished` until something is sent to it.
  public static let gone = Readiness(rawValue: EPOLLHUP.rawValue)
  /// The socket has failed. Always watched for.
  public static let failed = Readiness(rawValue: EPOLLERR.rawValue)
  /// Told once for each change rather than as long as it lasts: read and write until EAGAIN.
  public static let edge = Readiness(rawValue: EPOLLET.rawValue)
}

/// What is told when a watched descriptor is ready.
public protocol ReadinessHandler: AnyObject {
  /// Called on the loop's thread; must not block.
  func ready(_ events: Readiness)
}

/// One watched descriptor. Stale tokens are harmless: a descriptor number that was closed and
/// given out again has another generation.
public struct Watch: Hashable, Sendable {
  let slot: UInt32
  let generation: UInt32

  var packed: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// The watched descriptors of one loop, found by slot and told apart by generation.
struct WatchTable {
  private struct Entry {
    var generation: UInt32
    var descriptor: Int32
    var handler: (any ReadinessHandler)?
  }
  private var entries: [Entry] = []
  private var free: [UInt32] = []

  var count: Int { entries.count - free.count }

  mutating func add(_ descriptor: Int32, _ handler: any ReadinessHandler) -> Watch {
    if let slot = free.popLast() {
      entries[Int(slot)].descriptor = descriptor
      entries[Int(slot)].handler = handler
      return Watch(slot: slot, generation: entries[Int(slot)].generation)
    }
    entries.append(Entry(generation: 1, descriptor: descriptor, handler: handler))
    return Watch(slot: UInt32(entries.count - 1), generation: 1)
  }

  func handler(_ packed: UInt64) -> (any ReadinessHandler)? {
    let slot = Int(UInt32(truncatingIfNeeded: packed))
    guard slot < entries.count, entries[slot].generation == UInt32(packed >> 32) else { return nil }
    return entries[slot].handler
  }

  func descriptor(_ watch: Watch) -> Int32? {
    let slot = Int(watch.slot)
    guard slot < entries.count, entries[slot].generation == watch.generation,
      entries[slot].handler != nil
    else { return nil }
    return entries[slot].descriptor
  }

  /// The descriptor that was watched, nil for a stale token.
  mutating func remove(_ watch: Watch) -> Int32? {
    guard let descriptor = descriptor(watch) else { return nil }
    entries[Int(watch.slot)].handler = nil
    entries[Int(watch.slot)].generation &+= 1
    free.append(watch.slot)
    return descriptor
  }
}
