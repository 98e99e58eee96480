import KinoraHTTP
import KinoraModel

/// A small provider of still images, for the example plugin in C: submit, poll, fetch, cancel, search.
struct Still: Provider {
  let name = "still"
  let world: World

  func route(_ call: Call) -> Route {
    guard call.path.first == "v1", call.path.dropFirst().first == "images" else {
      return .plain(failure(.notFound(call.target)))
    }
    let rest = Array(call.path.dropFirst(2))
    switch (call.method, rest.count) {
    case ("POST", 0): return submit(call)
    case ("GET", 0): return search(call)
    case ("GET", 1):
      return about(rest[0], .poll) { job, twist in .json(200, view(job, call, twist)) }
    case ("DELETE", 1): return about(rest[0], .other) { job, _ in await cancel(job, call) }
    case ("GET", 2) where rest[1] == "content":
      return about(rest[0], .fetch) { job, _ in
        guard world.stage(job) == .succeeded, let asset = await world.asset(job) else {
          return failure(.notFound(job.id))
        }
        return .asset(asset, type: job.shape.mime, etag: job.id)
      }
    default: return .plain(failure(.notFound(call.target)))
    }
  }

  private func about(
    _ id: String, _ phase: Phase, _ body: @escaping @Sendable (Job, Fault?) async -> HTTPResponse
  ) -> Route {
    guard let job = world.jobs[id], job.provider == name else {
      return .plain(failure(.notFound(id)), phase)
    }
    return .about(job, phase) { twist in await body(world.jobs[id] ?? job, twist) }
  }

  private func submit(_ call: Call) -> Route {
    let json = call.json
    let prompt = json?["prompt"]?.string ?? ""
    let subject = Route.Subject(
      prompt: prompt, model: json?["model"]?.string ?? "",
      identity: json?["tag"]?.string ?? prompt)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(StillWish.Refusal) {
        let wish = try StillWish(json)
        var job = Job(
          id: "st_\(world.dice.alphanumeric(16))", provider: name, kind: "image", model: wish.model,
          prompt: wish.prompt, created: now(), shape: wish.shape, cost: wish.cost)
        job.tag = wish.tag
        job.render = 3000
        return .json(202, view(await world.create(job, route: subject).job, call, nil))
      } catch {
        return Self.problem(422, "invalid", error.message)
      }
    }
  }

  private func search(_ call: Call) -> Route {
    guard let tag = call.query["tag"], !tag.isEmpty else {
      return .plain(Self.problem(422, "invalid", "a search needs a tag"))
    }
    return Route(phase: .other) { _ in
      let found = world.jobs.tagged(tag, provider: name).map { view($0, call, nil) }
      return .json(200, ["images": .array(found)])
    }
  }

  private func cancel(_ job: Job, _ call: Call) async -> HTTPResponse {
    if !world.stage(job).isFinal, let ticket = world.jobs.cancel(job.id, at: now()) {
      await world.journal.durable(ticket)
    }
    return .json(200, view(world.jobs[job.id] ?? job, call, nil))
  }

  private func view(_ job: Job, _ call: Call, _ twist: Fault?) -> JSON {
    let view: JSON = ["id": .string(job.id)]
    func with(_ status: String, _ message: String? = nil) -> JSON {
      let told = view.setting("status", .string(status))
      return message.map { told.setting("error", ["message": .string($0)]) } ?? told
    }
    if twist == .unknownStatus { return with("polishing") }
    switch world.stage(job) {
    case .queued: return with("queued")
    case .running(let percent): return with("working").setting("progress", JSON(percent))
    case .succeeded:
      if job.outcomes.contains(.successWithoutAsset) { return with("done") }
      let url = "\(call.origin)/still/v1/images/\(job.id)/content"
      return with("done").setting("image", ["url": .string(url)])
    case .failed(_, let message): return with("failed", message)
    case .filtered: return with("filtered", "The picture was taken by the content filter.")
    case .expired: return with("failed", "The job took too long.")
    case .cancelled: return with("cancelled")
    }
  }

  func failure(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(let status):
      let codes = [401: "unauthenticated", 402: "no_credit", 403: "forbidden"]
      return Self.problem(status, codes[status] ?? "internal", "status \(status)")
    case .rateLimited(let seconds):
      let response = Self.problem(429, "rate_limited", "too many requests")
      return seconds.map { response.with("Retry-After", String($0)) } ?? response
    case .retired(let model): return Self.problem(404, "not_found", "\(model) was shut down")
    case .expired: return Self.problem(410, "gone", "the picture is gone")
    case .notFound(let what): return Self.problem(404, "not_found", "there is no \(what)")
    }
  }

  private static func problem(_ status: Int, _ code: String, _ message: String) -> HTTPResponse {
    .json(status, ["error": ["code": .string(code), "message": .string(message)]])
  }
}
