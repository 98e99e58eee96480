import KinoraHTTP
import KinoraModel

/// OpenRouter's video interface, `/api/v1/videos`, and its older form `/api/alpha/videos`.
///
/// Facts: OpenRouterTeam/docs (openapi.yaml, video-generation.mdx), PyPI `openrouter` 1.3.84, and
/// answers recorded in October 2026 by ethanpil/or-toolbox.
struct OpenRouter: Provider {
  let name = "openrouter"
  let world: World

  func route(_ call: Call) -> Route {
    // A wrong base path meets the web site, which answers 200.
    guard call.path.count >= 3, call.path[0] == "api", ["v1", "alpha"].contains(call.path[1]) else {
      return .plain(.website)
    }
    let rest = Array(call.path.dropFirst(2))
    if call.method == "GET", rest == ["videos", "models"] || rest == ["models"] {
      return .plain(models())
    }
    if call.method == "POST", rest == ["chat", "completions"], call.path[1] == "v1" {
      return authenticate(call).map { .plain($0) } ?? chat(call)
    }
    guard rest[0] == "videos" else { return .plain(.website) }
    let isSigned =
      rest.count == 3 && call.query["sig"].map { $0 == Self.signature(rest[1]) } == true
    if !isSigned, let refusal = authenticate(call) { return .plain(refusal) }
    switch (call.method, rest.count) {
    case ("POST", 1): return submit(call)
    case ("GET", 2): return about(rest[1], .poll) { .json(200, view($0, call, $1)) }
    case ("GET", 3) where rest[2] == "content":
      var route = about(rest[1], .fetch) { job, _ in await content(job, call) }
      route.isChunked = true
      return route
    default: return .plain(failure(.notFound(rest.last ?? "")))
    }
  }

  private func authenticate(_ call: Call) -> HTTPResponse? {
    guard let key = call.bearer else {
      return Self.problem(401, "No cookie auth credentials found")
    }
    return Call.isBad(key) ? failure(.status(401)) : nil
  }

  private func about(
    _ id: String, _ phase: Phase, _ body: @escaping @Sendable (Job, Fault?) async -> HTTPResponse
  ) -> Route {
    guard let job = world.jobs[id], job.provider == name else {
      return .plain(failure(.notFound(id)), phase)
    }
    return .about(job, phase) { twist in await body(world.jobs[id] ?? job, twist) }
  }

  private func models() -> HTTPResponse {
    .json(200, ["data": .array(OpenRouterModel.all.map(\.json))])
  }

  private func content(_ job: Job, _ call: Call) async -> HTTPResponse {
    let index = call.query["index"] ?? "0"
    guard index == "0" else {
      return Self.problem(400, "Video index \(index) out of range (1 videos available)")
    }
    guard world.stage(job) == .succeeded else {
      return Self.problem(409, "Video generation \(job.id) is not completed")
    }
    guard let asset = await world.asset(job) else { return failure(.status(500)) }
    return .asset(asset, type: "video/mp4", etag: job.id)
  }

  /// What `urls` carry instead of a key.
  static func signature(_ id: String) -> String {
    String(SHA256.hash(Array("openrouter \(id)".utf8)).hexadecimal.prefix(32))
  }

  func failure(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(let status):
      let words = [
        401: "User not found.",
        402: "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
        403: "The request was blocked by a guardrail.", 502: "Provider returned error",
        503: "No available provider meets the routing requirements.",
      ]
      return Self.problem(status, words[status] ?? "Internal Server Error")
    case .rateLimited(let seconds):
      let response = Self.problem(
        429, "Provider returned error",
        metadata: [
          "raw": "upstream is rate-limited, please retry shortly", "provider_name": "Simulated",
          "limit_source": "upstream_provider_shared_pool",
        ])
      return seconds.map { response.with("Retry-After", String($0)) } ?? response
    case .retired(let model):
      return Self.problem(404, "Model \(model) is no longer available")
    case .expired: return Self.problem(410, "The video is no longer available")
    case .notFound(let id): return Self.problem(404, "Job \(id) not found")
    }
  }

  static func problem(_ status: Int, _ message: String, metadata: JSON? = nil) -> HTTPResponse {
    var error: JSON = ["message": .string(message), "code": JSON(status)]
    if let metadata { error = error.setting("metadata", metadata) }
    return .json(status, ["error": error])
  }
}
