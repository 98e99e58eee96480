import KinoraModel

/// `video_config` or `image_config`: what a chat request says about its media. Numbers and booleans
/// are taken as such and as strings, since clients of this dialect write `"duration_seconds": "8"`.
struct ChatConfig {
  static let video = [
    "duration_seconds", "aspect_ratio", "resolution", "negative_prompt", "size", "fps", "audio",
    "generate_audio", "seed", "n", "snap", "options", "response_format", "max_inline_bytes",
    "poll_timeout_seconds", "poll_interval_seconds", "style_preset",
  ]
  static let image = [
    "aspect_ratio", "image_size", "negative_prompt", "size", "seed", "n", "snap", "options",
    "response_format", "max_inline_bytes", "poll_timeout_seconds", "style_preset",
  ]
  /// What the core calls these fields, for its complaints.
  static let names = [
    "seconds": "duration_seconds", "aspect_ratio": "aspect_ratio", "resolution": "resolution",
    "size": "size", "fps": "fps", "audio": "audio", "seed": "seed", "n": "n",
    "negative_prompt": "negative_prompt", "style_preset": "style_preset",
  ]
  /// Bytes above which a file is an address unless the client says otherwise: its base64 would be
  /// longer than a string can be in many languages.
  static let inlineBytes: Int64 = 256 * 1024 * 1024
  /// Seconds that an answer is waited for, below the 600 s of the official OpenAI clients, which
  /// would send the request again.
  static let patience = 570.0

  /// Files of at most this many bytes are answered as data URLs, others as addresses.
  private(set) var inlineMost = ChatConfig.inlineBytes
  private(set) var seconds = ChatConfig.patience

  /// Reads the object into `request`. Throws `unknownField`, `badField` or `tooLarge`.
  init(
    _ json: JSON?, _ name: String, _ body: ParsedBody, into request: inout GenerationRequest
  ) throws(KinoraError) {
    guard let json, !json.isNull else { return }
    // Strings are read as what they say.
    var lenient = body
    lenient.isForm = true
    let fields = FieldReader(json: json, body: lenient, prefix: "\(name).")
    try fields.only(name == "video_config" ? Self.video : Self.image)
    request.seconds = try fields.seconds("duration_seconds")
    request.aspectRatio = try fields.string("aspect_ratio", most: 64)
    request.resolution = try Self.resolution(fields)
    request.size = try fields.string("size", most: 64)
    if let size = try fields.string("image_size", most: 64) {
      // `1K`, or pixels.
      if size.contains("x") { request.size = size } else { request.resolution = size }
    }
    request.negativePrompt = try fields.string("negative_prompt", most: Limits.promptBytes)
    request.stylePreset = try StyleFields.name(fields)
    request.fps = try fields.integer("fps", in: 1...1000).map { Int($0) }
    let audio = try fields.bool("generate_audio")
    request.audio = try fields.bool("audio") ?? audio
    request.seed = try fields.integer("seed", in: Int64.min...Int64.max)
    request.count = Int(try fields.integer("n", in: 1...10) ?? Int64(request.count))
    request.snap = try fields.bool("snap") ?? false
    request.options = try fields.object("options").map { .object($0) }
    request.pollSeconds = try fields.seconds("poll_interval_seconds").map { max($0, 0.1) }
    if let seconds = try fields.seconds("poll_timeout_seconds") {
      self.seconds = min(max(seconds, 0.1), 3600)
    }
    switch try fields.string("response_format", most: 64) {
    case nil, "data_uri", "b64_json", "base64": break
    case "url": inlineMost = -1
    default:
      throw fields.error("response_format", "is not known", ["data_uri", "url"])
    }
    if let most = try fields.integer("max_inline_bytes", in: 0...Limits.artifactBytes) {
      inlineMost = min(inlineMost, most)
    }
  }

  /// `720p`, or 720 as a number.
  private static func resolution(_ fields: FieldReader) throws(KinoraError) -> String? {
    if let number = fields["resolution"]?.integer { return "\(number)p" }
    return try fields.string("resolution", most: 64)
  }
}
