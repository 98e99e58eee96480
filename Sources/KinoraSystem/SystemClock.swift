import CSys
import Glibc
public import KinoraModel

/// The machine's clocks: CLOCK_REALTIME for records, CLOCK_BOOTTIME for waiting, because a deadline
/// goes on while a laptop sleeps.
public struct SystemClock: KinoraModel.Clock {
  /// The only one there is.
  public init() {}

  public func now() -> Milliseconds { Self.read(CLOCK_REALTIME) }

  public func steady() -> Milliseconds { Self.read(CLOCK_BOOTTIME) }

  /// Returns early only when the task is cancelled.
  public func sleep(untilSteady: Milliseconds) async {
    while !Task.isCancelled {
      let left = untilSteady - steady()
      if left <= 0 { return }
      // ContinuousClock runs on CLOCK_BOOTTIME too, so one turn is the rule.
      try? await Task.sleep(for: .milliseconds(left), clock: ContinuousClock())
    }
  }

  private static func read(_ clock: clockid_t) -> Milliseconds { kn_microseconds(clock) / 1000 }
}
