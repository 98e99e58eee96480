import KinoraHTTP
import KinoraModel

/// The simulator's own provider under `/sample/v1`. It needs no key and has every habit that a
/// provider may have: tags, idempotency keys, uploads, answers that carry the file.
struct Sample: Provider {
  let name = "sample"
  let world: World

  func route(_ call: Call) -> Route {
    if let key = call.bearer, Call.isBad(key) { return .plain(failure(.status(401))) }
    guard call.path.first == "v1" else { return .plain(missing(call)) }
    let rest = Array(call.path.dropFirst())
    switch (call.method, rest.count, rest.first ?? "") {
    case ("POST", 1, "videos"): return submit(call, inline: false)
    case ("POST", 1, "videos:sync"): return submit(call, inline: true)
    case ("POST", 1, "images"): return image(call)
    case ("POST", 1, "uploads"): return upload(call)
    case ("GET", 1, "videos"): return search(call)
    case ("GET", 1, "models"): return models()
    case ("GET", 2, "videos"), ("GET", 2, "images"):
      return about(rest[1], .poll) { job, twist in .json(200, view(job, call, twist)) }
    case ("GET", 3, "videos") where rest[2] == "content",
      ("GET", 3, "images") where rest[2] == "content":
      return about(rest[1], .fetch) { job, _ in await content(job) }
    case ("POST", 3, "videos") where rest[2] == "cancel":
      return about(rest[1], .other) { job, _ in await cancel(job, call) }
    default: return .plain(missing(call))
    }
  }

  private func missing(_ call: Call) -> HTTPResponse {
    Self.problem(404, "not_found", "no \(call.method) under this path")
  }

  private func about(
    _ id: String, _ phase: Phase, _ body: @escaping @Sendable (Job, Fault?) async -> HTTPResponse
  ) -> Route {
    guard let job = world.jobs[id], job.provider == name else {
      return .plain(failure(.notFound(id)), phase)
    }
    return .about(job, phase) { twist in await body(world.jobs[id] ?? job, twist) }
  }

  private func search(_ call: Call) -> Route {
    guard let tag = call.query["tag"] else {
      return .plain(Self.problem(422, "invalid", "a search needs a tag", field: "tag"))
    }
    var route = Route(phase: .other) { _ in
      let found = world.jobs.tagged(tag, provider: name).map { view($0, call, nil) }
      return .json(200, ["data": .array(found), "videos": .array(found)])
    }
    route.subject.identity = tag
    return route
  }

  private func models() -> Route {
    let list = SampleWish.models.map { JSON.object([JSONMember("id", .string($0))]) }
    return .plain(.json(200, ["data": .array(list)]))
  }

  private func cancel(_ job: Job, _ call: Call) async -> HTTPResponse {
    if !world.stage(job).isFinal, let ticket = world.jobs.cancel(job.id, at: now()) {
      await world.journal.durable(ticket)
    }
    return .json(200, view(world.jobs[job.id] ?? job, call, nil))
  }

  private func content(_ job: Job) async -> HTTPResponse {
    guard world.stage(job) == .succeeded else {
      return Self.problem(409, "not_ready", "the video is not finished")
    }
    guard let asset = await world.asset(job) else { return failure(.status(500)) }
    return .asset(asset, type: job.shape.mime, etag: job.id)
  }

  func failure(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(let status):
      let words = [
        401: ("unauthenticated", "the key is not valid"), 402: ("no_credit", "no credit is left"),
        403: ("forbidden", "this is not allowed"), 502: ("bad_gateway", "the renderer is away"),
        503: ("unavailable", "the service is overloaded"),
      ]
      let (code, message) = words[status] ?? ("internal", "something went wrong")
      return Self.problem(status, code, message)
    case .rateLimited(let seconds):
      let response = Self.problem(429, "rate_limited", "too many requests")
      return seconds.map { response.with("Retry-After", String($0)) } ?? response
    case .retired(let model):
      return Self.problem(404, "model_retired", "the model \(model) was shut down")
    case .expired: return Self.problem(410, "expired", "the file is gone")
    case .notFound(let what): return Self.problem(404, "not_found", "there is no \(what)")
    }
  }

  static func problem(
    _ status: Int, _ code: String, _ message: String, field: String? = nil, allowed: [String] = []
  ) -> HTTPResponse {
    var error: JSON = ["code": .string(code), "message": .string(message)]
    if let field { error = error.setting("field", .string(field)) }
    if !allowed.isEmpty {
      error = error.setting("allowed", .array(allowed.map { .string($0) }))
    }
    return .json(status, ["error": error])
  }
}
