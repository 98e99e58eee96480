import KinoraHTTP
import KinoraModel

extension Sample {
  /// A job as polls show it.
  func view(_ job: Job, _ call: Call, _ twist: Fault?) -> JSON {
    var view: JSON = ["id": .string(job.id), "model": .string(job.model)]
    if let tag = job.tag { view = view.setting("tag", .string(tag)) }
    if twist == .unknownStatus { return view.setting("status", "polishing") }
    let stage = world.stage(job)
    view = view.setting("status", .string(Self.word(stage)))
    switch stage {
    case .running(let percent): return view.setting("progress", JSON(percent))
    case .queued: return view.setting("progress", 0)
    case .succeeded: return finished(job, view.setting("progress", 100), call)
    case .failed(let code, let message):
      return view.setting("error", ["code": .string(code), "message": .string(message)])
    case .filtered:
      return view.setting(
        "error", ["code": "filtered", "message": "the result was taken by the content filter"])
    case .expired:
      return view.setting("error", ["code": "expired", "message": "the job took too long"])
    case .cancelled: return view
    }
  }

  private func finished(_ job: Job, _ view: JSON, _ call: Call) -> JSON {
    var view = view
    if !job.outcomes.contains(.missingCost) {
      view = view.setting("cost_usd", .string(job.cost.decimal))
    }
    if job.outcomes.contains(.successWithoutAsset) { return view }
    return view.setting(
      "video",
      [
        "url": .string(url(job, call)), "width": JSON(job.shape.width),
        "height": JSON(job.shape.height), "seconds": JSON(job.shape.seconds),
      ])
  }

  /// Where the file of a job is.
  func url(_ job: Job, _ call: Call) -> String {
    "\(call.origin)/sample/v1/\(job.kind)s/\(job.id)/content"
  }

  private static func word(_ stage: Stage) -> String {
    switch stage {
    case .queued: "queued"
    case .running: "running"
    case .succeeded: "succeeded"
    case .failed, .expired: "failed"
    case .filtered: "filtered"
    case .cancelled: "cancelled"
    }
  }
}
