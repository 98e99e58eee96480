import KinoraHTTP
import KinoraModel

/// The OpenAI Videos and Images APIs under `/openai/v1`, as hosts speak them that go on with them.
///
/// Facts: PyPI `openai` 3.52.0 and the OpenAPI document it is made from, reports of 2025 and 2026 for the
/// words of refusals, vLLM-Omni's documentation for models of one's own.
struct OpenAI: Provider {
  let name = "openai"
  let world: World

  func route(_ call: Call) -> Route {
    guard call.path.first == "v1" else { return .plain(.website) }
    // Azure wants the key in a field of its own.
    guard let key = call.bearer ?? call.fields["api-key"], !Call.isBad(key) else {
      return .plain(failure(.status(401)))
    }
    let rest = Array(call.path.dropFirst())
    switch (call.method, rest.count, rest.first) {
    case ("GET", 1, "models"):
      // What an account may use differs; a key with this beginning may use little.
      let ids =
        key.hasPrefix("few-") ? ["sora-2"] : ["sora-2", "sora-2-pro", "gpt-image-2.5-flare"]
      let data = ids.map { JSON.object([JSONMember("id", .string($0))]) }
      return .plain(.json(200, ["object": "list", "data": .array(data)]))
    case ("POST", 1, "videos"): return create(call)
    case ("GET", 1, "videos"): return .plain(list(call))
    case ("POST", 2, "videos") where rest[1] == "edits": return goOn(call, .edit, nil)
    case ("POST", 2, "videos") where rest[1] == "extensions": return goOn(call, .extend, nil)
    case ("POST", 3, "videos") where rest[2] == "remix": return goOn(call, .remix, rest[1])
    case ("GET", 2, "videos"): return about(rest[1], .poll) { poll($0, $1) }
    case ("DELETE", 2, "videos"): return about(rest[1], .other) { job, _ in await delete(job) }
    case ("GET", 3, "videos") where rest[2] == "content":
      return about(rest[1], .fetch) { job, _ in
        await content(job, call.query["variant"] ?? "video")
      }
    case ("POST", 2, "images") where rest[1] == "generations" || rest[1] == "edits":
      return draw(call, isEdit: rest[1] == "edits")
    default: return .plain(Self.problem(404, "Invalid URL (\(call.method) \(call.target))"))
    }
  }

  func about(
    _ id: String, _ phase: Phase, _ body: @escaping @Sendable (Job, Fault?) async -> HTTPResponse
  ) -> Route {
    guard let job = world.jobs[id], job.provider == name, job.kind == "video", !job.deleted else {
      return .plain(failure(.notFound(id)), phase)
    }
    return .about(job, phase) { twist in await body(world.jobs[id] ?? job, twist) }
  }

  func failure(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(401):
      return Self.problem(
        401, "Incorrect API key provided. You can find your API key in the dashboard.",
        code: "invalid_api_key")
    case .status(402):
      return Self.problem(
        429, "You exceeded your current quota, please check your plan and billing details.",
        type: "insufficient_quota", code: "insufficient_quota")
    case .status(403):
      return Self.problem(
        403, "Your organization must be verified to use this model.",
        code: "organization_not_verified")
    case .status(let status):
      return Self.problem(
        status, "The server had an error while processing your request.", type: "server_error",
        code: "server_error")
    case .rateLimited(let seconds):
      let response = Self.problem(
        429, "Rate limit reached for requests", type: "requests", code: "rate_limit_exceeded")
      return seconds.map {
        response.with("Retry-After", String($0)).with("Retry-After-Ms", String($0 * 1000))
      } ?? response
    case .retired(let model):
      return Self.problem(
        404, "The model `\(model)` has been deprecated and is no longer available.",
        param: "model", code: "model_not_found")
    case .expired: return Self.problem(404, "The video's content has expired.")
    case .notFound(let id): return Self.problem(404, "Video with id '\(id)' not found.")
    }
  }

  static func problem(
    _ status: Int, _ message: String, type: String = "invalid_request_error",
    param: String? = nil, code: String? = nil
  ) -> HTTPResponse {
    .json(
      status,
      [
        "error": [
          "message": .string(message), "type": .string(type), "param": JSON(param),
          "code": JSON(code),
        ]
      ])
  }
}
