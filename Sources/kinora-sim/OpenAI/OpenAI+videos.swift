import KinoraHTTP
import KinoraModel

/// What `/videos` does.
extension OpenAI {
  enum Use: String { case remix, edit, extend }

  func create(_ call: Call) -> Route {
    let form = FormData(call.body, type: call.fields["content-type"])
    func field(_ name: String) -> String { form?.text(name) ?? call.json?[name]?.string ?? "" }
    let prompt = field("prompt")
    let subject = Route.Subject(prompt: prompt, model: field("model"), identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(OpenAIWish.Refusal) {
        let wish = try OpenAIWish(call)
        return await made(wish.model, prompt, wish.shape, wish.cost, [:], subject)
      } catch {
        return error.response
      }
    }
  }

  /// Remix, edit and extension: the source is an earlier, completed video.
  func goOn(_ call: Call, _ use: Use, _ id: String?) -> Route {
    let json = call.json
    let prompt = json?["prompt"]?.string ?? ""
    let source = id ?? json?["video"]?["id"]?.string ?? ""
    let subject = Route.Subject(prompt: prompt, identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      guard !prompt.isEmpty else {
        return Self.problem(400, "Missing required parameter: 'prompt'.", param: "prompt")
      }
      guard let job = world.jobs[source], job.provider == name, !job.deleted else {
        return failure(.notFound(source))
      }
      guard world.stage(job) == .succeeded else {
        return Self.problem(400, "Video '\(source)' is not completed.")
      }
      let rate = OpenAIWish.rate(job.model, job.shape.width, job.shape.height)
      var shape = job.shape
      var billed = shape.seconds
      if use == .extend {
        guard let text = json?["seconds"]?.string, let more = Int(text),
          [4, 8, 12, 16, 20].contains(more)
        else {
          return Self.problem(
            400, "Invalid value for 'seconds'. Supported values are: '4', '8', '12', '16', '20'.",
            param: "seconds", code: "invalid_value")
        }
        billed = more
        shape.seconds += more
        guard shape.seconds <= 120 else {
          return Self.problem(400, "A video may have at most 120 seconds.", param: "seconds")
        }
      }
      let details: JSON = use == .remix ? ["remixed_from": .string(source)] : [:]
      return await made(job.model, prompt, shape, rate.times(Double(billed)), details, subject)
    }
  }

  private func made(
    _ model: String, _ prompt: String, _ shape: Shape, _ cost: MicroUSD, _ details: JSON,
    _ subject: Route.Subject
  ) async -> HTTPResponse {
    var job = Job(
      id: "video_\(world.dice.lowercase(32))", provider: name, kind: "video", model: model,
      prompt: prompt, created: now(), shape: shape, cost: cost)
    job.details = details
    return .json(200, view(await world.create(job, route: subject).job, nil))
  }

  func list(_ call: Call) -> HTTPResponse {
    var jobs = world.jobs.all.filter { $0.provider == name && $0.kind == "video" && !$0.deleted }
    if call.query["order"] != "asc" { jobs.reverse() }
    if let after = call.query["after"], let at = jobs.firstIndex(where: { $0.id == after }) {
      jobs = Array(jobs[(at + 1)...])
    }
    let limit = min(max(call.query["limit"].flatMap { Int($0) } ?? 20, 1), 100)
    let page = jobs.prefix(limit)
    return .json(
      200,
      [
        "object": "list", "data": .array(page.map { view($0, nil) }),
        "first_id": JSON(page.first?.id), "last_id": JSON(page.last?.id),
        "has_more": .bool(jobs.count > limit),
      ])
  }

  func poll(_ job: Job, _ twist: Fault?) -> HTTPResponse {
    .json(200, view(job, twist)).with("openai-poll-after-ms", "1000")
  }

  func view(_ job: Job, _ twist: Fault?) -> JSON {
    let stage = world.stage(job)
    var word = "queued"
    var percent = 0
    var error = JSON.null
    switch stage {
    case .queued: break
    case .running(let done): (word, percent) = ("in_progress", done)
    case .succeeded: (word, percent) = ("completed", 100)
    case .filtered:
      word = "failed"
      error = [
        "code": "moderation_blocked",
        "message": "Your request was blocked by our moderation system.",
      ]
    case .failed(_, let message):
      word = "failed"
      error = ["code": "video_generation_failed", "message": .string(message)]
    case .cancelled: word = "cancelled"
    case .expired: word = "expired"
    }
    if twist == .unknownStatus { word = "rendering" }
    let ended = stage.isFinal ? JSON(job.created / 1000 + 1) : .null
    return [
      "id": .string(job.id), "object": "video", "model": .string(job.model),
      "status": .string(word), "progress": JSON(percent), "created_at": JSON(job.created / 1000),
      "completed_at": ended, "expires_at": stage == .succeeded ? JSON(now() / 1000 + 3600) : .null,
      "prompt": .string(job.prompt), "seconds": .string(String(job.shape.seconds)),
      "size": .string("\(job.shape.width)x\(job.shape.height)"), "quality": "standard",
      "remixed_from_video_id": job.details["remixed_from"] ?? .null, "error": error,
    ]
  }

  func delete(_ job: Job) async -> HTTPResponse {
    if !world.stage(job).isFinal, let ticket = world.jobs.cancel(job.id, at: now()) {
      await world.journal.durable(ticket)
    }
    if let ticket = world.jobs.delete(job.id) { await world.journal.durable(ticket) }
    return .json(200, ["id": .string(job.id), "object": "video.deleted", "deleted": true])
  }

  func content(_ job: Job, _ variant: String) async -> HTTPResponse {
    guard world.stage(job) == .succeeded else {
      return Self.problem(400, "Video is not ready yet, use GET /v1/videos/{id} to check status.")
    }
    var wanted = job
    switch variant {
    case "video": break
    case "thumbnail": wanted.shape.container = .webp
    case "spritesheet": wanted.shape.container = .jpeg
    default:
      return Self.problem(400, "Invalid value: '\(variant)'.", param: "variant")
    }
    guard let asset = await world.asset(wanted) else { return failure(.status(500)) }
    return .asset(asset, type: wanted.shape.mime, etag: "\(job.id)-\(variant)")
  }
}
