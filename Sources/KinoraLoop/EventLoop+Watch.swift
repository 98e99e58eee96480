import CSys
import Glibc

/// Descriptors and timers. All of these are for the loop's thread; from elsewhere, `perform`.
extension EventLoop {
  /// Tells `handler` when `descriptor` is ready. The handler is kept until `unwatch`.
  public func watch(
    _ descriptor: Int32, for interest: Readiness, _ handler: any ReadinessHandler
  ) throws(SystemError) -> Watch {
    let watch = watches.add(descriptor, handler)
    if kn_epoll_add(epoll, descriptor, interest.rawValue, watch.packed) != 0 {
      let error = SystemError("epoll_ctl", errno: errno)
      _ = watches.remove(watch)
      throw error
    }
    return watch
  }

  /// The same with a closure.
  public func watch(
    _ descriptor: Int32, for interest: Readiness, _ handler: @escaping (Readiness) -> Void
  ) throws(SystemError) -> Watch {
    try watch(descriptor, for: interest, ClosureHandler(handler))
  }

  /// Changes what is watched for. A stale token is ignored.
  public func rewatch(_ watch: Watch, for interest: Readiness) {
    guard let descriptor = watches.descriptor(watch) else { return }
    _ = kn_epoll_mod(epoll, descriptor, interest.rawValue, watch.packed)
  }

  /// Ends a watch; the descriptor stays open and must be closed only after this call. No event
  /// reaches the handler afterwards, not even one that was fetched already.
  public func unwatch(_ watch: Watch) {
    guard let descriptor = watches.remove(watch) else { return }
    _ = kn_epoll_del(epoll, descriptor)
  }

  /// Runs `work` once, `delay` from now, not earlier.
  @discardableResult
  public func schedule(after delay: Duration, _ work: @escaping () -> Void) -> TimerToken {
    let (seconds, attoseconds) = delay.components
    let wait = max(0, seconds) * 1_000_000_000 + max(0, attoseconds) / 1_000_000_000
    return schedule(at: EventLoop.clock() + UInt64(wait), work)
  }

  /// Runs `work` once when the monotonic clock has reached `due` nanoseconds.
  @discardableResult
  public func schedule(at due: UInt64, _ work: @escaping () -> Void) -> TimerToken {
    timers.add(due: due, work)
  }

  /// Cancels a timer. One that has run already is ignored.
  public func cancel(_ token: TimerToken) { timers.cancel(token) }
}

private final class ClosureHandler: ReadinessHandler {
  let handler: (Readiness) -> Void
  init(_ handler: @escaping (Readiness) -> Void) { self.handler = handler }
  func ready(_ events: Readiness) { handler(events) }
}
