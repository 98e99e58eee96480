import KinoraHTTP
import KinoraModel

/// Queue and history, in memory at the real server: what is deleted, or was there before a restart, is
/// known to neither.
extension ComfyUI {
  /// `GET /queue`: `[number, prompt_id, graph, extra_data, outputs]` each.
  func lookAtQueue() -> Route {
    Route(phase: .other) { _ in
      var running: [JSON] = []
      var pending: [JSON] = []
      for job in jobs {
        switch world.stage(job) {
        case .queued: pending.append(item(job))
        case .running: running.append(item(job))
        default: continue
        }
      }
      return .json(200, ["queue_running": .array(running), "queue_pending": .array(pending)])
    }
  }

  private func item(_ job: Job) -> JSON {
    [
      job.details["number"] ?? 0, JSON(job.tag), job.details["graph"] ?? [:],
      ["client_id": job.details["client_id"] ?? .null, "create_time": JSON(job.created)],
      [job.details["node"] ?? .null],
    ]
  }

  /// `POST /queue` and `/history`: `{"delete":[ID]}`, `{"clear":true}`; unknown ids are passed over.
  /// Only what waits can be taken out of the queue, only what ended out of the history.
  func change(_ call: Call, isQueue: Bool) async -> HTTPResponse {
    let ids = (call.json?["delete"]?.array ?? []).compactMap(\.string)
    let clears = call.json?["clear"]?.bool == true
    for job in jobs where clears || ids.contains(job.tag ?? "") {
      let stage = world.stage(job)
      let isMeant = isQueue ? stage == .queued : stage.isFinal
      if isMeant, let ticket = world.jobs.delete(job.id) { await world.journal.durable(ticket) }
    }
    return HTTPResponse(status: 200)
  }

  /// `POST /interrupt`: the one that is named, if it runs; without a name whatever runs.
  func interrupt(_ id: String?) async -> HTTPResponse {
    for job in jobs where id == nil || job.tag == id {
      guard case .running = world.stage(job) else { continue }
      if let ticket = world.jobs.cancel(job.id, at: now()) { await world.journal.durable(ticket) }
    }
    return HTTPResponse(status: 200)
  }

  /// A job's entry of the history; nil until it is over, and for one that was lost.
  func entry(_ job: Job, _ twist: Fault?) -> (tag: String, entry: JSON)? {
    var messages = [message("execution_start", job)]
    var outputs: JSON = [:]
    var word = twist == .unknownStatus ? "polishing" : "error"
    switch world.stage(job) {
    case .queued, .running: if twist != .unknownStatus { return nil }
    case .expired: return nil
    case .succeeded:
      if twist != .unknownStatus { word = "success" }
      messages.append(message("execution_success", job))
      if !job.outcomes.contains(.successWithoutAsset) { outputs = self.outputs(job) }
    case .cancelled: messages.append(message("execution_interrupted", job, Self.sampler))
    case .filtered:
      messages.append(message("execution_error", job, Self.error("The content was moderated.")))
    case .failed:
      let words = "Allocation on device 0 would exceed allowed memory. (out of memory)"
      messages.append(message("execution_error", job, Self.error(words)))
    }
    return (
      job.tag ?? "",
      [
        "prompt": item(job), "outputs": outputs,
        "status": [
          "status_str": .string(word), "completed": .bool(word == "success"),
          "messages": .array(messages),
        ],
        "meta": [:],
      ]
    )
  }

  private static let sampler: JSON = ["node_id": "8", "node_type": "KSampler", "executed": ["1"]]

  private static func error(_ words: String) -> JSON {
    sampler.setting("exception_message", .string(words))
      .setting("exception_type", "torch.OutOfMemoryError")
      .setting("traceback", ["  File \"/opt/ComfyUI/execution.py\", line 496, in execute\n"])
      .setting("current_inputs", [:]).setting("current_outputs", [])
  }

  private func message(_ name: String, _ job: Job, _ more: JSON = [:]) -> JSON {
    var body: JSON = ["prompt_id": JSON(job.tag)]
    for member in more.members ?? [] { body = body.setting(member.key, member.value) }
    return [.string(name), body.setting("timestamp", JSON(job.created))]
  }

  /// Nodes of ComfyUI itself list a clip under `images`, VHS_VideoCombine under `gifs`.
  private func outputs(_ job: Job) -> JSON {
    let file: JSON = [
      "filename": job.details["file"] ?? .null, "subfolder": job.details["folder"] ?? "",
      "type": "output",
    ]
    let list: JSON
    switch job.details["class"]?.string {
    case "VHS_VideoCombine":
      let more = file.setting("format", "video/h264-mp4").setting(
        "frame_rate", JSON(job.shape.rate))
      list = ["gifs": [more.setting("fullpath", "/srv/comfyui/output/x.mp4")]]
    case "SaveVideo": list = ["images": [file], "animated": [true]]
    default: list = ["images": [file]]
    }
    return .object([JSONMember(job.details["node"]?.string ?? "", list)])
  }
}
