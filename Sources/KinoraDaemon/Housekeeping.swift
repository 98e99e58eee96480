import KinoraCore
import KinoraModel
import KinoraStore
import KinoraSystem

/// What is cleared away now and then: quota of results that nobody took, old events and keys, old
/// jobs, files that no job names, and what failed downloads left.
enum Housekeeping {
  private static let interval: Milliseconds = 3_600_000
  private static let page = 500

  /// Runs until cancelled.
  static func run(_ parts: Parts, _ admin: Admin, log: Log) async {
    while !Task.isCancelled {
      do throws(KinoraError) {
        try await turn(parts, admin.inForce, log: log)
      } catch {
        log(.warning, "sweep.failed", error)
      }
      await parts.clock.sleep(untilSteady: parts.clock.steady() + interval)
    }
  }

  private static func turn(_ parts: Parts, _ configuration: Configuration, log: Log)
    async throws(KinoraError)
  {
    let now = parts.clock.now()
    _ = try await parts.state.store.prune(
      eventsOlderThan: now - configuration.eventLife,
      idempotencyOlderThan: now - Limits.idempotencyLife)
    let untaken = try await parts.service.releaseUndelivered(
      before: now - configuration.deliveryLife)
    if untaken > 0 {
      log(
        .info, "sweep.delivery", "results that nobody took hold no quota any more",
        ("count", "\(untaken)"))
    }
    if let life = configuration.jobLife {
      let count = try await removeJobs(endedBefore: now - life, parts)
      if count > 0 { log(.info, "sweep.jobs", "old jobs were removed", ("count", "\(count)")) }
    }
    let freed = try await parts.state.artifacts.sweep(unreferencedIn: parts.state.store, now: now)
    if freed > 0 {
      log(.info, "sweep.files", "files without a job were removed", ("bytes", "\(freed)"))
    }
    let left = TransferFolder.sweep(in: parts.state.directory, now: now)
    if left > 0 {
      log(.info, "sweep.transfers", "files of failed downloads were removed", ("count", "\(left)"))
    }
  }

  /// Removes jobs that ended before `limit`, oldest first. One whose money is still open stays.
  private static func removeJobs(endedBefore limit: Milliseconds, _ parts: Parts)
    async throws(KinoraError) -> Int
  {
    let root = Viewer(principal: "uid:0", client: "uid:0", isAdmin: true)
    var query = JobQuery()
    query.states = [.completed, .failed, .cancelled, .expired]
    query.ascending = true
    query.limit = page
    var removed = 0
    while true {
      let found = try await parts.service.jobs(query, root)
      for record in found.jobs {
        if (record.endedAt ?? .max) < limit, record.tailUntil == nil {
          try await parts.service.delete(record.id, root)
          removed += 1
        } else {
          // The next page continues after a job that is still there.
          query.after = record.id
        }
      }
      guard found.hasMore, let last = found.jobs.last, last.createdAt < limit else {
        return removed
      }
    }
  }
}
