import KinoraHTTP
import KinoraModel

extension OpenRouter {
  /// Seconds that a stored copy lasts.
  private static let copySeconds: Int64 = 86_400

  func pollingURL(_ job: Job, _ call: Call) -> String {
    let path = "\(job.details["path"]?.string ?? "")/\(job.id)"
    return job.outcomes.contains(.relativePollingURL) ? path : call.origin + path
  }

  /// A job as polls show it. There is no progress anywhere.
  func view(_ job: Job, _ call: Call, _ twist: Fault?) -> JSON {
    let stage = twist == .unknownStatus ? nil : world.stage(job)
    var view: JSON = [
      "id": .string(job.id),
      "generation_id": stage == .succeeded ? .string(job.id) : .null,
      "polling_url": .string(pollingURL(job, call)),
      "status": .string(stage.map(Self.word) ?? "polishing"),
    ]
    switch stage {
    case .failed(_, let message): view = view.setting("error", .string(message))
    case .filtered: view = view.setting("error", "Content policy violation")
    case .succeeded: view = finished(job, view, call)
    default: break
    }
    return view
  }

  private func finished(_ job: Job, _ view: JSON, _ call: Call) -> JSON {
    var view = view
    let content = "\(call.origin)\(job.details["path"]?.string ?? "")/\(job.id)/content?index=0"
    if !job.outcomes.contains(.successWithoutAsset) {
      view = view.setting("unsigned_urls", [.string(content)])
    }
    if job.outcomes.contains(.signedURLs) {
      view = view.setting("urls", [.string("\(content)&sig=\(Self.signature(job.id))")])
        .setting("expires_at", JSON(now() / 1000 + Self.copySeconds))
    }
    let cost = job.outcomes.contains(.missingCost) ? JSON.null : job.cost.number
    return view.setting("usage", ["cost": cost, "is_byok": false])
  }

  private static func word(_ stage: Stage) -> String {
    switch stage {
    case .queued: "pending"
    case .running: "in_progress"
    case .succeeded: "completed"
    case .failed, .filtered: "failed"
    case .cancelled: "cancelled"
    case .expired: "expired"
    }
  }
}
