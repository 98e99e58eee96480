import KinoraModel

/// The body of `POST /openrouter/api/v1/videos`. What cannot be honoured is refused, not dropped; only
/// fields that never change a video (`user` aside: `session_id`, `trace`) are let be.
struct OpenRouterBody {
  private(set) var request: GenerationRequest
  private(set) var inputs: [WantedInput] = []

  private static let known = [
    "model", "prompt", "duration", "resolution", "aspect_ratio", "size", "frame_images",
    "input_references", "generate_audio", "seed", "previous_job_id", "provider", "user",
    "session_id", "trace",
  ]
  private static let wordBytes = 64

  init(_ body: ParsedBody) throws(KinoraError) {
    let fields = FieldReader(json: body.json, body: body)
    try fields.only(Self.known)
    request = GenerationRequest(
      model: try fields.string("model", most: 256) ?? "",
      prompt: try fields.string("prompt", most: Limits.promptBytes) ?? "")
    request.seconds = try fields.seconds("duration")
    request.resolution = try fields.string("resolution", most: Self.wordBytes)
    request.aspectRatio = try fields.string("aspect_ratio", most: Self.wordBytes)
    request.size = try fields.string("size", most: Self.wordBytes)
    request.audio = try fields.bool("generate_audio")
    request.seed = try fields.integer("seed", in: Int64.min...Int64.max)
    request.sourceJob = try fields.string("previous_job_id", most: 128).map { JobID(rawValue: $0) }
    request.endUser = try fields.string("user", most: 256)
    request.options = try Self.options(fields)
    let media = MediaFields(fields: fields, body: body)
    for (at, item) in try Self.list(fields, "frame_images").enumerated() {
      let name = "frame_images.\(at)"
      let role: MediaInput.Role
      switch item["frame_type"]?.string {
      case "first_frame": role = .firstFrame
      case "last_frame": role = .lastFrame
      default:
        throw fields.error(
          "\(name).frame_type", "says which frame it is", ["first_frame", "last_frame"])
      }
      inputs.append(
        WantedInput(role: role, field: name, source: try Self.image(item, media, name, fields)))
    }
    for (at, item) in try Self.list(fields, "input_references").enumerated() {
      let name = "input_references.\(at)"
      inputs.append(
        WantedInput(
          role: .reference, field: name, source: try Self.image(item, media, name, fields)))
    }
  }

  private static func list(
    _ fields: FieldReader, _ name: String
  ) throws(KinoraError) -> [JSON] {
    guard let value = fields[name] else { return [] }
    guard let items = value.array, items.count <= 32 else {
      throw fields.error(name, "must be an array of at most 32 images", ["an array"])
    }
    return items
  }

  private static func image(
    _ item: JSON, _ media: MediaFields, _ name: String, _ fields: FieldReader
  ) throws(KinoraError) -> WantedInput.Source {
    guard let image = item["image_url"] else {
      throw fields.error(name, "must be an image", ["{\"type\":\"image_url\",\"image_url\":{…}}"])
    }
    return try media.source(.object([JSONMember("image_url", image)]), name)
  }

  /// `provider.options`, as they are: the model's own provider reads them.
  private static func options(_ fields: FieldReader) throws(KinoraError) -> JSON? {
    guard let members = try fields.object("provider") else { return nil }
    let inner = FieldReader(json: .object(members), body: fields.body, prefix: "provider.")
    try inner.only(["options"])
    return try inner.object("options").map { .object($0) }
  }
}
