import KinoraModel

/// How far a job is. A function of the clock: nothing has to run for a job to go on, and a restart
/// changes nothing.
enum Stage: Sendable, Equatable {
  case queued
  case running(percent: Int)
  case succeeded
  case failed(code: String, message: String)
  case filtered
  case cancelled
  case expired

  /// True when nothing comes after it.
  var isFinal: Bool {
    switch self {
    case .queued, .running: false
    default: true
    }
  }

  /// Share of the render time that is spent in the queue.
  private static let queuedPart = 0.15

  init(_ job: Job, elapsed: Double, reel: Studio.Reel) {
    if job.cancelled != nil {
      self = .cancelled
      return
    }
    let part = job.render > 0 ? elapsed / Double(job.render) : 1
    if part < Self.queuedPart {
      self = .queued
    } else if job.outcomes.contains(.stuck) {
      self = .running(percent: min(50, Int(part * 100)))
    } else if part < 1 {
      self = .running(percent: Int((part - Self.queuedPart) / (1 - Self.queuedPart) * 100))
    } else {
      self = Self.end(job, reel)
    }
  }

  private static func end(_ job: Job, _ reel: Studio.Reel) -> Stage {
    if job.outcomes.contains(.failed) {
      return .failed(code: "generation_failed", message: "The generation failed.")
    }
    if job.outcomes.contains(.filtered) { return .filtered }
    if job.outcomes.contains(.providerCancelled) { return .cancelled }
    if job.outcomes.contains(.providerExpired) { return .expired }
    switch reel {
    case .ready: return .succeeded
    case .rendering: return .running(percent: 99)
    case .failed(let why): return .failed(code: "render_failed", message: why)
    }
  }
}
