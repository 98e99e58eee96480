import KinoraHTTP
import KinoraModel

/// A server of one's own under `/custom/v1`: one route, answered when the video is there. The key is
/// optional.
struct Custom: Provider {
  let name = "custom"
  let world: World

  func route(_ call: Call) -> Route {
    if let key = call.bearer, Call.isBad(key) { return .plain(failure(.status(401))) }
    guard call.method == "POST", call.path == ["v1", "videos", "generations"] else {
      return .plain(failure(.notFound(call.target)))
    }
    let json = call.json
    let prompt = json?["prompt"]?.string ?? ""
    let model = json?["model"]?.string ?? ""
    let subject = Route.Subject(prompt: prompt, model: model, identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      guard let json, !model.isEmpty else { return Self.problem(400, "model is missing") }
      let images = json["reference_images"]?.array ?? []
      let arePictures = images.allSatisfy { item in
        let parts = (item.string ?? "").split(separator: ",", maxSplits: 1)
        return parts.count == 2 && Picture.isPicture(base64: String(parts[1]))
      }
      guard arePictures else { return Self.problem(400, "reference_images: not an image") }
      guard !prompt.isEmpty || !images.isEmpty else {
        return Self.problem(400, "prompt is missing")
      }
      let short = json["resolution"]?.string == "480p" ? 480 : 720
      let frame = Shape.fitting(short: short, aspect: json["aspect_ratio"]?.string ?? "16:9")
      let seconds = json["duration"]?.integer.map(Int.init) ?? 5
      var job = Job(
        id: "custom-\(world.dice.lowercase(16))", provider: name, kind: "video",
        model: Marker.stripped(model), prompt: prompt, created: now(),
        shape: Shape(width: frame.width, height: frame.height, seconds: seconds), cost: .zero)
      job.details = ["images": JSON(images.count)]
      return await answer(await world.create(job, route: subject).job)
    }
  }

  private func answer(_ job: Job) async -> HTTPResponse {
    switch await world.end(of: job) {
    case .succeeded: break
    case .filtered:
      return Self.problem(
        400, "The prompt was refused by the content policy.", code: "content_policy_violation")
    default: return Self.problem(500, "The generation failed.", code: "generation_failed")
    }
    guard let bytes = await world.bytes(job) else { return failure(.status(500)) }
    let data: [JSON] =
      job.outcomes.contains(.successWithoutAsset)
      ? [] : [["b64_json": .string(Base64.encode(bytes))]]
    return .json(200, ["created": JSON(now() / 1000), "data": .array(data)])
  }

  func failure(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(401): return Self.problem(401, "Invalid API key", code: "invalid_api_key")
    case .status(402): return Self.problem(402, "Out of credit", code: "insufficient_quota")
    case .status(let status): return Self.problem(status, "The server had an error")
    case .rateLimited(let seconds):
      let response = Self.problem(429, "Too many requests", code: "rate_limit_exceeded")
      return seconds.map { response.with("Retry-After", String($0)) } ?? response
    case .retired(let model):
      return Self.problem(404, "The model \(model) does not exist", code: "model_not_found")
    case .expired, .notFound: return Self.problem(404, "Not Found")
    }
  }

  static func problem(_ status: Int, _ message: String, code: String? = nil) -> HTTPResponse {
    .json(
      status,
      [
        "error": [
          "message": .string(message), "type": "invalid_request_error", "code": JSON(code),
        ]
      ])
  }
}
