public import KinoraModel

/// The one place that turns a wish to wait into a due time.
public struct Pacing: Sendable {
  /// How many times faster than real a sandbox polls; 1 outside of one.
  public let speed: Double
  /// A paced wait is never shorter, milliseconds.
  public static let floor: Milliseconds = 50

  /// Pacing of one provider.
  public init(speed: Double) { self.speed = max(1, speed) }

  /// Milliseconds to wait.
  /// - Parameters:
  ///   - wish: what the plugin asked for
  ///   - retryAfter: what the provider asked for; never shortened
  ///   - jitter: 0…1, handed in; moves the wait by ±10 %
  public func wait(wish: Milliseconds, retryAfter: Milliseconds = 0, jitter: Double) -> Milliseconds
  {
    let scaled = max(Double(wish) / speed, Double(min(wish, Self.floor)))
    return max(Milliseconds(scaled * (0.9 + 0.2 * jitter)), retryAfter)
  }

  /// Milliseconds before the next try after `failures` in a row: 1 s doubling to 64 s, ±10 %, never
  /// scaled by the speed.
  public static func backoff(failures: Int, retryAfter: Milliseconds = 0, jitter: Double)
    -> Milliseconds
  {
    let steps = min(max(failures - 1, 0), Limits.backoffSteps)
    let base = Double(Int64(1000) << Int64(steps))
    return max(Milliseconds(base * (0.9 + 0.2 * jitter)), retryAfter)
  }
}
