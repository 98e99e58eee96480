import KinoraModel

/// The body of an interaction, as far as it makes a video or a picture.
struct GoogleInteractionBody {
  private(set) var request: GenerationRequest
  private(set) var inputs: [WantedInput] = []
  /// Answer at once, not when it is over.
  private(set) var isBackground = false
  /// The media shall stand inside the answer.
  private(set) var isInline = true

  /// `store`, `labels`, `service_tier` and `safety_settings` change nothing about what is asked for.
  private static let known = [
    "model", "input", "response_format", "background", "generation_config",
    "previous_interaction_id", "response_modalities", "store", "stream", "labels", "service_tier",
    "safety_settings",
  ]
  private static let tasks = [
    "text_to_video", "image_to_video", "reference_to_video", "edit", "extend",
  ]
  private static let wordBytes = 64

  init(_ body: ParsedBody) throws(KinoraError) {
    let fields = FieldReader(json: body.json, body: body)
    try fields.only(Self.known)
    request = GenerationRequest(
      model: try fields.string("model", most: 256) ?? "", prompt: "")
    isBackground = try fields.bool("background") ?? false
    if try fields.bool("stream") == true {
      throw fields.error("stream", "is not served: poll, or follow /v1/events", ["false"])
    }
    let media = (fields["response_modalities"]?.array ?? []).compactMap { $0.string?.lowercased() }
    guard media.isEmpty || media.contains("video") || media.contains("image") else {
      throw fields.error(
        "response_modalities", "must hold what the model makes", ["[\"video\"]", "[\"image\"]"])
    }
    if let previous = try fields.string("previous_interaction_id", most: 128) {
      request.sourceJob =
        GoogleDoor.job(previous.dropFirst(GoogleDoor.interactionPrefix.count)).id
    }
    let config = FieldReader(
      json: fields["generation_config"] ?? [:], body: body, prefix: "generation_config.")
    try config.only(["seed", "video_config"])
    request.seed = try config.integer("seed", in: Int64.min...Int64.max)
    let task = config["video_config"]?["task"]?.string
    if let task, !Self.tasks.contains(task) {
      throw config.error("video_config.task", "is not known", Self.tasks)
    }
    try format(fields)
    try input(fields, asReferences: task == "reference_to_video")
  }

  private mutating func format(_ fields: FieldReader) throws(KinoraError) {
    let value = fields["response_format"] ?? [:]
    let format = FieldReader(
      json: value.array?.first ?? value, body: fields.body, prefix: "response_format.")
    try format.only(["type", "aspect_ratio", "resolution", "duration", "delivery"])
    request.aspectRatio = try format.string("aspect_ratio", most: Self.wordBytes)
    request.resolution = try format.string("resolution", most: Self.wordBytes)
    request.seconds = try format.seconds("duration")
    switch format["delivery"]?.string {
    case "uri": isInline = false
    case "inline", nil: break
    default: throw format.error("delivery", "is not known", ["inline", "uri"])
    }
  }

  /// A text, a list of contents, or a list of steps that hold contents. One picture is the first frame,
  /// two are first and last, more are references.
  private mutating func input(
    _ fields: FieldReader, asReferences: Bool
  ) throws(KinoraError) {
    guard let input = fields["input"] else {
      throw fields.error("input", "is missing", ["a text", "a list of contents"])
    }
    if let text = input.string {
      request.prompt = text
      return
    }
    var texts: [String] = []
    var sources: [(name: String, source: WantedInput.Source)] = []
    for (at, item) in (input.array ?? []).enumerated() {
      let parts = item["content"]?.array ?? item["content"].map { [$0] } ?? [item]
      for (place, part) in parts.enumerated() {
        let name = "input.\(at).content.\(place)"
        if let text = part.string ?? part["text"]?.string {
          texts.append(text)
        } else if part["type"]?.string == "image" {
          sources.append((name, try GoogleImage.source(part, name, fields.body)))
        } else {
          throw fields.error(name, "is neither text nor image", ["text", "image"])
        }
      }
    }
    request.prompt = texts.joined(separator: "\n")
    let areFrames = !asReferences && sources.count <= 2
    for (at, item) in sources.enumerated() {
      let frame: MediaInput.Role = at == 0 ? .firstFrame : .lastFrame
      inputs.append(
        WantedInput(
          role: areFrames ? frame : .reference, field: item.name, source: item.source))
    }
  }
}
