import KinoraModel

/// One line of the provider's video model list, as `GET /videos/models` gave it in October 2026.
struct OpenRouterModel: Sendable {
  let id: String
  let resolutions: [String]
  let aspects: [String]
  let durations: [Int]
  /// `first_frame`, `last_frame`; nil where the model takes none.
  let frames: [String]?
  let audio: Bool?
  let seed: Bool?
  /// Names and amounts as the list has them: `duration_seconds*` in USD a second, `cents_*` in
  /// cents, `video_tokens*` in USD a token.
  let prices: [(name: String, amount: String)]

  init(
    _ id: String, _ resolutions: String, _ aspects: String, _ durations: [Int],
    frames: String? = nil, audio: Bool? = nil, seed: Bool? = nil,
    _ prices: KeyValuePairs<String, String>
  ) {
    func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
    self.id = id
    self.resolutions = words(resolutions)
    self.aspects = words(aspects)
    self.durations = durations
    self.frames = frames.map { words($0).map { "\($0)_frame" } }
    self.audio = audio
    self.seed = seed
    self.prices = prices.map { (name: $0.key, amount: $0.value) }
  }

  /// Without a wish: eight seconds at Veo, else five, else the shortest.
  var usualDuration: Int {
    id.hasPrefix("google/veo") ? 8 : durations.contains(5) ? 5 : durations.min() ?? 5
  }

  var usualResolution: String { resolutions.contains("720p") ? "720p" : resolutions[0] }

  /// The short side of a frame.
  static func short(_ resolution: String) -> Int {
    switch resolution {
    case "1K": 1080
    case "2K": 1440
    case "4K": 2160
    default: Int(resolution.dropLast()) ?? 720
    }
  }

  var json: JSON {
    func list(_ words: [String]?) -> JSON { words.map { .array($0.map { .string($0) }) } ?? .null }
    let sizes = resolutions.flatMap { resolution in
      aspects.map { aspect -> String in
        let size = Shape.fitting(short: Self.short(resolution), aspect: aspect)
        return "\(size.width)x\(size.height)"
      }
    }
    return [
      "id": .string(id), "canonical_slug": .string("\(id)-20260901"), "hugging_face_id": .null,
      "name": .string(id), "created": 1_788_220_800, "description": "Simulated.",
      "supported_resolutions": list(resolutions), "supported_aspect_ratios": list(aspects),
      "supported_sizes": list(sizes), "supported_durations": .array(durations.map { JSON($0) }),
      "supported_frame_images": list(frames), "upscale_factor": .null, "creativity": .null,
      "generate_audio": JSON(audio), "seed": JSON(seed),
      "pricing_skus": .object(prices.map { JSONMember($0.name, .string($0.amount)) }),
      "allowed_passthrough_parameters": [],
    ]
  }
}
