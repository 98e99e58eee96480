import KinoraHTTP
import KinoraModel

/// Vercel's AI Gateway, video: `/v4/ai/video-model` as an event stream, `/start` and `/status`.
///
/// Facts: vercel/ai at ed857f50 (ai 7.0.77, @ai-sdk/gateway 4.0.62), `gateway-video-model.ts`,
/// `create-gateway-error.ts`, and what its unmodified client was seen to send and to take.
struct Vercel: Provider {
  let name = "vercel"
  let world: World

  func route(_ call: Call) -> Route {
    let path = call.path
    if call.method == "GET", path.count == 2, path[0] == "files" { return file(path[1]) }
    // The list of models is public.
    if call.method == "GET", path == ["v1", "models"] { return .plain(models()) }
    guard path.count >= 2, ["v1", "v3", "v4"].contains(path[0]) else {
      return .plain(failure(.notFound(call.target)))
    }
    guard let key = call.bearer, !Call.isBad(key) else {
      return .plain(failure(.status(401)))
    }
    switch (call.method, path.dropFirst().joined(separator: "/")) {
    case ("GET", "credits"): return .plain(.json(200, ["balance": "95.50", "total_used": "4.50"]))
    case ("GET", "ai/config"): return .plain(config())
    case ("POST", "ai/video-model"): return checked(call) { stream($0, call) }
    case ("POST", "ai/video-model/start"): return checked(call) { start($0, call) }
    case ("POST", "ai/video-model/status"): return status(call)
    default: return .plain(failure(.notFound(call.target)))
    }
  }

  /// The headers that every video request has; the model is one of them.
  private func checked(_ call: Call, _ next: (String) -> Route) -> Route {
    guard let model = call.fields["ai-model-id"], !model.isEmpty else {
      return .plain(Self.problem(400, "invalid_request_error", "ai-model-id is missing"), .submit)
    }
    guard ["3", "4"].contains(call.fields["ai-video-model-specification-version"] ?? "") else {
      return .plain(
        Self.problem(400, "invalid_request_error", "unsupported specification version"), .submit)
    }
    return next(model)
  }

  private func models() -> HTTPResponse {
    .json(200, ["object": "list", "data": .array(VercelModel.all.map(\.json))])
  }

  private func config() -> HTTPResponse {
    let all = VercelModel.all.map { model -> JSON in
      [
        "id": .string(model.id), "name": .string(model.id), "modelType": "video",
        "specification": [
          "specificationVersion": "v4", "provider": .string(model.owner),
          "modelId": .string(model.id),
        ],
      ]
    }
    return .json(200, ["models": .array(all)])
  }

  /// Files lie with the makers and want no key.
  private func file(_ name: String) -> Route {
    let id = name.split(separator: ".").first.map(String.init) ?? ""
    guard let job = world.jobs[id], job.provider == self.name else {
      return .plain(failure(.notFound(id)), .fetch)
    }
    return .about(job, .fetch) { _ in
      guard world.stage(job) == .succeeded, let asset = await world.asset(job) else {
        return failure(.expired)
      }
      return .asset(asset, type: "video/mp4", etag: job.id)
    }
  }

  func failure(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(401):
      return Self.problem(401, "authentication_error", "Invalid API key")
    case .status(402):
      return Self.problem(
        402, "insufficient_funds", "Insufficient credits. Top up to continue using AI services.")
    case .status(403):
      return Self.problem(
        403, "forbidden", "Blocked by a routing rule", param: ["ruleId": "rule_1"])
    case .status(502): return .page(502, "<!DOCTYPE html><title>502: BAD_GATEWAY</title>")
    case .status(503): return Self.problem(503, "internal_server_error", "Service unavailable")
    case .status: return Self.problem(500, "internal_server_error", "Internal server error")
    case .rateLimited(let seconds):
      let response = Self.problem(429, "rate_limit_exceeded", "Rate limit exceeded")
      return seconds.map { response.with("Retry-After", String($0)) } ?? response
    case .retired(let model):
      return Self.problem(
        404, "model_not_found", "Model \(model) not found", param: ["modelId": .string(model)])
    case .expired: return Self.problem(410, "not_found", "The video is no longer available")
    case .notFound(let what): return Self.problem(404, "not_found", "\(what) not found")
    }
  }

  /// `param` is there even when it is null: without it the client loses the text.
  static func problem(
    _ status: Int, _ type: String, _ message: String, param: JSON = .null
  ) -> HTTPResponse {
    .json(
      status,
      [
        "error": ["message": .string(message), "type": .string(type), "param": param],
        "generationId": "gen_01",
      ])
  }
}
