import KinoraHTTP
import KinoraModel

extension Google {
  /// Image models and what one image costs; at 4K where that differs.
  static let imageModels: [(id: String, cost: Int64, cost4K: Int64)] = [
    ("gemini-3-pro-image", 134_000, 240_000),
    ("gemini-3.1-flash-lite-image", 33_600, 33_600),
    ("gemini-nano-banana-2.1", 39_000, 39_000),
  ]

  private static let aspects = [
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
  ]
  /// Pixels of the short side, about.
  private static let sizes = ["1K": 768, "2K": 1536, "4K": 3072]

  /// `POST /models/MODEL:generateContent`: answered when the image is there.
  func generateImage(_ text: String, _ call: Call) -> Route {
    let json = call.json
    let prompt = Self.prompt(json)
    let subject = Route.Subject(prompt: prompt, model: text, identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      let id = Marker.stripped(text)
      guard let model = Self.imageModels.first(where: { $0.id == id }) else {
        return GoogleError.noModel(id, "generateContent")
      }
      guard !prompt.isEmpty else {
        return GoogleError.invalid("* GenerateContentRequest.contents: contents is not specified")
      }
      let config = Self.member(json?["generationConfig"], "imageConfig", "image_config")
      let aspect = Self.member(config, "aspectRatio", "aspect_ratio")?.string ?? "1:1"
      let size = Self.member(config, "imageSize", "image_size")?.string ?? "1K"
      // ai.google.dev/gemini-api/docs/models/gemini-3.1-flash-lite-image: 1K alone.
      guard Self.aspects.contains(aspect), let short = Self.sizes[size],
        size == "1K" || !id.contains("lite")
      else {
        return GoogleError.invalid("Unsupported imageConfig: \(aspect) \(size)")
      }
      let frame = Shape.fitting(short: short, aspect: aspect)
      var job = Job(
        id: world.dice.lowercase(12), provider: name, kind: "image", model: id, prompt: prompt,
        created: now(), shape: Shape(container: .jpeg, width: frame.width, height: frame.height),
        cost: MicroUSD(size == "4K" ? model.cost4K : model.cost))
      job.render = 1000
      let made = await world.create(job, route: subject).job
      return await answer(made)
    }
  }

  private func answer(_ job: Job) async -> HTTPResponse {
    switch await world.end(of: job) {
    case .filtered:
      return .json(
        200,
        [
          "promptFeedback": ["blockReason": "PROHIBITED_CONTENT"],
          "usageMetadata": ["promptTokenCount": 9, "totalTokenCount": 9],
        ])
    case .succeeded: break
    default: return failure(.status(500))
    }
    guard let bytes = await world.bytes(job) else { return failure(.status(500)) }
    var parts: [JSON] = [["text": "Here it is."]]
    if !job.outcomes.contains(.successWithoutAsset) {
      parts.append([
        "inlineData": ["mimeType": "image/jpeg", "data": .string(Base64.encode(bytes))]
      ])
    }
    return .json(
      200,
      [
        "candidates": [
          [
            "index": 0, "finishReason": "STOP",
            "content": ["role": "model", "parts": .array(parts)],
          ]
        ],
        "usageMetadata": [
          "promptTokenCount": 9, "candidatesTokenCount": 1120, "totalTokenCount": 1129,
          "candidatesTokensDetails": [["modality": "IMAGE", "tokenCount": 1120]],
        ],
        "modelVersion": .string(job.model), "responseId": .string(job.id),
      ])
  }

  private static func prompt(_ json: JSON?) -> String {
    (json?["contents"]?.array ?? []).flatMap { $0["parts"]?.array ?? [] }
      .compactMap { $0["text"]?.string }.joined(separator: " ")
  }

  /// The service takes either spelling.
  private static func member(_ json: JSON?, _ camel: String, _ snake: String) -> JSON? {
    json?[camel] ?? json?[snake]
  }
}
