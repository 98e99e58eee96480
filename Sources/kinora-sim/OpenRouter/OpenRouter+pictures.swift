import KinoraHTTP
import KinoraModel

/// `POST /api/v1/chat/completions` with a picture as its answer.
///
/// Facts: OpenRouter's documentation of image generation, PyPI `openrouter` 1.3.84 (`chatrequest.py`,
/// `chatassistantimages.py`, `chatusage.py`).
extension OpenRouter {
  /// Picture models and what one picture costs; at 4K.
  static let pictureModels: [(id: String, cost: Int64, cost4K: Int64)] = [
    ("google/gemini-3-pro-image", 134_000, 240_000)
  ]
  private static let aspects = [
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
  ]
  /// Pixels of the short side, about.
  private static let sizes = ["1K": 768, "2K": 1536, "4K": 3072]

  func chat(_ call: Call) -> Route {
    let json = call.json
    let prompt = Self.prompt(json)
    let slug = json?["model"]?.string ?? ""
    let subject = Route.Subject(prompt: prompt, model: slug, identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      let id = Marker.stripped(slug)
      guard let model = Self.pictureModels.first(where: { $0.id == id }) else {
        return Self.problem(400, "\(id) is not a valid model ID")
      }
      guard !prompt.isEmpty else {
        return Self.problem(400, "Input required: specify \"messages\"")
      }
      let modalities = json?["modalities"]?.array?.compactMap(\.string) ?? []
      guard modalities.contains("image") else {
        return Self.problem(400, "the simulator makes pictures only: modalities must name image")
      }
      let config = json?["image_config"]
      let aspect = config?["aspect_ratio"]?.string ?? "1:1"
      let size = config?["image_size"]?.string ?? "1K"
      guard Self.aspects.contains(aspect), let short = Self.sizes[size] else {
        return Self.problem(400, "Invalid image_config: \(aspect) \(size)")
      }
      for url in Self.pictures(json) where !Self.isPicture(url) {
        return Self.problem(400, "Invalid image URL in messages[0].content")
      }
      let frame = Shape.fitting(short: short, aspect: aspect)
      var job = Job(
        id: "gen-\(now() / 1000)-\(world.dice.alphanumeric(20))", provider: name, kind: "image",
        model: id, prompt: prompt, created: now(),
        shape: Shape(container: .png, width: frame.width, height: frame.height),
        cost: MicroUSD(size == "4K" ? model.cost4K : model.cost))
      job.render = 1000
      return await completion(await world.create(job, route: subject).job)
    }
  }

  private func completion(_ job: Job) async -> HTTPResponse {
    var message: JSON = ["role": "assistant", "content": "Here it is.", "refusal": .null]
    var reason = "stop"
    switch await world.end(of: job) {
    case .filtered:
      reason = "content_filter"
      message = message.setting("content", "")
    case .succeeded:
      guard let bytes = await world.bytes(job) else { return failure(.status(500)) }
      if !job.outcomes.contains(.successWithoutAsset) {
        let url = "data:image/png;base64,\(Base64.encode(bytes))"
        message = message.setting(
          "images",
          .array([["type": "image_url", "index": 0, "image_url": ["url": .string(url)]]]))
      }
    default: return failure(.status(502))
    }
    var usage: JSON = ["prompt_tokens": 9, "completion_tokens": 1120, "total_tokens": 1129]
    if !job.outcomes.contains(.missingCost) {
      usage = usage.setting("cost", .number(Double(job.cost.rawValue) / 1_000_000))
    }
    return .json(
      200,
      [
        "id": .string(job.id), "object": "chat.completion", "created": JSON(now() / 1000),
        "model": .string(job.model), "provider": "Simulated", "system_fingerprint": .null,
        "choices": [
          [
            "index": 0, "finish_reason": .string(reason), "native_finish_reason": "STOP",
            "logprobs": .null, "message": message,
          ]
        ],
        "usage": usage,
      ])
  }

  /// Parts of the messages that are of a type.
  private static func parts(_ json: JSON?, _ type: String) -> [JSON] {
    (json?["messages"]?.array ?? []).flatMap { $0["content"]?.array ?? [] }
      .filter { $0["type"]?.string == type }
  }

  private static func prompt(_ json: JSON?) -> String {
    let plain = (json?["messages"]?.array ?? []).compactMap { $0["content"]?.string }
    return (plain + parts(json, "text").compactMap { $0["text"]?.string })
      .joined(separator: " ")
  }

  private static func pictures(_ json: JSON?) -> [String] {
    parts(json, "image_url").map { $0["image_url"]?["url"]?.string ?? "" }
  }

  private static func isPicture(_ url: String) -> Bool {
    guard url.hasPrefix("data:image/") else { return url.hasPrefix("https://") }
    return url.split(separator: ",", maxSplits: 1).last.map {
      Picture.isPicture(base64: String($0))
    }
      ?? false
  }
}
