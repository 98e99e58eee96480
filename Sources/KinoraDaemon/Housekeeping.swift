import KinoraModel
import KinoraStore
import KinoraSystem

/// What is cleared away now and then: old events and keys, files that no job names.
enum Housekeeping {
  private static let interval: Milliseconds = 3_600_000

  /// Runs until cancelled.
  static func run(_ parts: Parts, _ configuration: Configuration, log: Log) async {
    while !Task.isCancelled {
      let now = parts.clock.now()
      do throws(KinoraError) {
        _ = try await parts.state.store.prune(
          eventsOlderThan: now - configuration.eventLife,
          idempotencyOlderThan: now - Limits.idempotencyLife)
        let freed = try await parts.state.artifacts.sweep(
          unreferencedIn: parts.state.store, now: now)
        if freed > 0 {
          log(.info, "sweep.done", "files without a job were removed", ("bytes", "\(freed)"))
        }
      } catch {
        log(.warning, "sweep.failed", error)
      }
      await parts.clock.sleep(untilSteady: parts.clock.steady() + interval)
    }
  }
}
