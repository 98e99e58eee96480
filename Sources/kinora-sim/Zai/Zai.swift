import KinoraHTTP
import KinoraModel

/// Z.ai's asynchronous video API under `/zai/api/paas/v4`; its files lie under `/zai/files`, open to all.
///
/// Facts: docs.z.ai (API reference, error codes) and PyPI `zai-sdk` 0.2.3, which writes `null` for what
/// was not set: null counts as absent.
struct Zai: Provider {
  let name = "zai"
  let world: World

  func route(_ call: Call) -> Route {
    if call.path.first == "files", call.path.count == 2, call.method == "GET" {
      return file(call.path[1])
    }
    guard call.path.prefix(3) == ["api", "paas", "v4"] else { return .plain(.website) }
    guard let key = call.bearer else {
      return .plain(Self.problem(401, "1001", "Authentication parameter not received in Header"))
    }
    if Call.isBad(key) { return .plain(failure(.status(401))) }
    let rest = Array(call.path.dropFirst(3))
    switch (call.method, rest.count, rest.first) {
    case ("POST", 2, "videos") where rest[1] == "generations": return submit(call)
    case ("GET", 2, "async-result"): return poll(rest[1], call)
    default: return .plain(Self.problem(404, "1222", "API does not exist"))
    }
  }

  private func submit(_ call: Call) -> Route {
    let json = call.json
    let prompt = json?["prompt"]?.string ?? ""
    let model = json?["model"]?.string ?? ""
    let subject = Route.Subject(prompt: prompt, model: model, identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(ZaiWish.Refusal) {
        let wish = try ZaiWish(json)
        let mark = json?["request_id"]?.string
        if let mark, !world.jobs.tagged(mark, provider: name).isEmpty {
          throw ZaiWish.Refusal("1231", "You already have a request with this request_id: \(mark)")
        }
        var job = Job(
          id: "\(now())\(world.dice.lowercase(8))-9013000000", provider: name, kind: "video",
          model: wish.model, prompt: prompt, created: now(), shape: wish.shape, cost: wish.cost)
        job.tag = mark
        let made = await world.create(job, route: subject).job
        return .json(
          200,
          [
            "id": .string(made.id), "model": .string(made.model),
            "request_id": .string(mark ?? made.id), "task_status": "PROCESSING",
          ])
      } catch {
        return error.response
      }
    }
  }

  private func poll(_ id: String, _ call: Call) -> Route {
    guard let job = world.jobs[id], job.provider == name else {
      return .plain(failure(.notFound(id)), .poll)
    }
    return .about(job, .poll) { twist in
      .json(200, view(world.jobs[id] ?? job, call, twist))
    }
  }

  /// A running task has no id in its poll, no progress and no time to go.
  private func view(_ job: Job, _ call: Call, _ twist: Fault?) -> JSON {
    var view: JSON = [
      "model": .string(job.model), "request_id": .string(job.tag ?? job.id),
      "task_status": "PROCESSING",
    ]
    if twist == .unknownStatus { return view.setting("task_status", "QUEUED_REMOTE") }
    switch world.stage(job) {
    case .queued, .running: break
    case .succeeded:
      view = view.setting("task_status", "SUCCESS")
      guard !job.outcomes.contains(.successWithoutAsset) else { break }
      let place = "\(call.origin)/zai/files/\(job.id)"
      view = view.setting(
        "video_result",
        [["url": .string("\(place).mp4"), "cover_image_url": .string("\(place)_cover.png")]])
    case .filtered:
      view = view.setting("task_status", "FAIL").setting(
        "content_filter", [["role": "assistant", "level": 0]])
    case .failed(_, let message):
      view = view.setting("task_status", "FAIL").setting(
        "error", ["code": "1234", "message": .string(message)])
    case .cancelled, .expired: view = view.setting("task_status", "FAIL")
    }
    return view
  }

  private func file(_ file: String) -> Route {
    let isCover = file.hasSuffix("_cover.png")
    let id = String(file.dropLast(isCover ? 10 : 4))
    guard let job = world.jobs[id], job.provider == name, world.stage(job) == .succeeded else {
      return .plain(.page(404, "<html>NoSuchKey</html>"), .fetch)
    }
    return .about(job, .fetch) { _ in
      var wanted = job
      if isCover { wanted.shape.container = .png }
      guard let asset = await world.asset(wanted) else { return .page(404, "NoSuchKey") }
      return .asset(asset, type: wanted.shape.mime, etag: file)
    }
  }

  func failure(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(401): return Self.problem(401, "1002", "Authorization Token is invalid")
    case .status(402):
      // A spent balance comes with the status of a busy hour.
      return Self.problem(
        429, "1113", "Insufficient balance or no resource package. Please recharge.")
    case .status(403): return Self.problem(403, "1220", "You do not have permission to access it")
    case .status(let status): return Self.problem(status, "1234", "Network error, error id: sim")
    case .rateLimited(let seconds):
      let response = Self.problem(429, "1302", "Rate limit reached for requests")
      return seconds.map { response.with("Retry-After", String($0)) } ?? response
    case .retired(let model): return Self.problem(400, "1211", "Model does not exist: \(model)")
    case .expired: return .page(403, "<html>AccessDenied</html>")
    case .notFound(let id): return Self.problem(404, "1214", "Task \(id) does not exist")
    }
  }

  static func problem(_ status: Int, _ code: String, _ message: String) -> HTTPResponse {
    .json(status, ["error": ["code": .string(code), "message": .string(message)]])
  }
}
