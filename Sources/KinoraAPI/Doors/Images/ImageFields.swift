import KinoraCore
import KinoraModel

/// The body of `POST /v1/images/generations` and `/v1/images/edits`, as the official OpenAI clients
/// write it (openai-python 3.52.0, `resources/images.py`).
struct ImageFields {
  private(set) var request: GenerationRequest
  private(set) var inputs: [WantedInput] = []
  /// Models in the order in which they are to be asked, for requests that name several.
  private(set) var models: [String]
  /// Files as addresses instead of base64.
  private(set) var asURL = false
  private(set) var seconds = ChatConfig.patience

  private static let known = [
    "model", "models", "prompt", "n", "size", "response_format", "user", "quality", "style",
    "background",
    "output_format", "output_compression", "moderation", "input_fidelity", "partial_images",
    "stream", "aspect_ratio", "resolution", "negative_prompt", "seed", "snap", "options",
    "metadata", "max_cost_usd", "poll_timeout_seconds", "tenant",
    "style_preset",
  ]
  private static let edits = ["image", "images", "mask"]
  /// Taken by some models as options; the others make what they make.
  private static let wishes = [
    "quality", "style", "background", "output_format", "output_compression", "moderation",
    "input_fidelity",
  ]

  /// Throws `notSupported`, `unknownField`, `badField`, `tooLarge` or `modelUnknown`.
  init(_ body: ParsedBody, isEdit: Bool, _ index: ModelIndex) throws(KinoraError) {
    let fields = FieldReader(json: body.json, body: body)
    try fields.only(Self.known + (isEdit ? Self.edits : []))
    let name = try fields.string("model", most: 256)
    models = try VideoFields.models(fields)
    for (at, name) in models.enumerated() {
      do throws(KinoraError) {
        _ = try Self.entry(name, index)
      } catch {
        var named = error
        named.field = "models.\(at)"
        throw named
      }
    }
    let entry = try Self.entry(models.first ?? name ?? "", index)
    request = GenerationRequest(
      model: models.isEmpty ? entry.id : "",
      prompt: try fields.string("prompt", most: Limits.promptBytes) ?? "")
    request.count = Int(try fields.integer("n", in: 1...10) ?? 1)
    let size = try fields.string("size", most: 64)
    request.size = size == "auto" ? nil : size
    request.aspectRatio = try fields.string("aspect_ratio", most: 64)
    request.resolution = try fields.string("resolution", most: 64)
    request.negativePrompt = try fields.string("negative_prompt", most: Limits.promptBytes)
    request.stylePreset = try StyleFields.name(fields)
    request.seed = try fields.integer("seed", in: Int64.min...Int64.max)
    request.snap = try fields.bool("snap") ?? false
    try VideoFields.readAccount(fields, into: &request)
    request.options = try Self.options(fields, entry)
    try readAnswer(fields)
    if isEdit { inputs = try Self.images(fields, body) }
  }

  private mutating func readAnswer(_ fields: FieldReader) throws(KinoraError) {
    switch try fields.string("response_format", most: 64) {
    case nil, "b64_json": break
    case "url": asURL = true
    default: throw fields.error("response_format", "is not known", ["b64_json", "url"])
    }
    if let seconds = try fields.seconds("poll_timeout_seconds") {
      self.seconds = min(max(seconds, 0.1), 3600)
    }
    let parts = try fields.integer("partial_images", in: 0...3) ?? 0
    if try fields.bool("stream") ?? (parts > 0) {
      throw KinoraError(
        .notSupported, "images are not streamed in parts: leave out stream and partial_images",
        field: "stream", allowed: ["false"])
    }
  }

  private static func entry(
    _ name: String, _ index: ModelIndex
  ) throws(KinoraError) -> ModelIndex.Entry {
    let pictures = index.entries.filter { $0.model.medium == "image" }
    if name.isEmpty, let first = pictures.first { return first }
    let entry = try index.resolve(name.isEmpty ? nil : name)
    guard entry.model.medium == "image" else {
      throw KinoraError(
        .badField, "\(entry.id) makes videos: POST /v1/videos", field: "model",
        allowed: pictures.prefix(8).map(\.id))
    }
    return entry
  }

  /// `options`, and those of OpenAI's own wishes that the model has. `auto` and `standard` ask for
  /// nothing; anything else that a model does not have is refused.
  private static func options(
    _ fields: FieldReader, _ entry: ModelIndex.Entry
  ) throws(KinoraError) -> JSON? {
    var options = try fields.object("options").map { JSON.object($0) }
    for name in wishes {
      guard let value = fields[name] else { continue }
      if let word = value.string, ["auto", "standard"].contains(word) { continue }
      guard entry.model.options?.contains(name) == true else {
        throw fields.error(name, "is nothing that \(entry.id) can choose", ["auto"])
      }
      options = (options ?? .object([])).setting(name, value)
    }
    return options
  }

  /// `image`, `image[]` or `images`: all are references.
  private static func images(
    _ fields: FieldReader, _ body: ParsedBody
  ) throws(KinoraError) -> [WantedInput] {
    if fields["mask"] != nil {
      throw KinoraError(
        .notSupported, "masks are not passed on: say in the prompt what shall change",
        field: "mask")
    }
    let media = MediaFields(fields: fields, body: body)
    var inputs: [WantedInput] = []
    for name in ["image", "images"] {
      guard let value = try fields.structure(name) else { continue }
      for (at, item) in (value.array ?? [value]).enumerated() {
        let place = value.array == nil ? name : "\(name).\(at)"
        inputs.append(
          WantedInput(role: .reference, field: place, source: try media.source(item, place)))
      }
    }
    guard (1...16).contains(inputs.count) else {
      throw fields.error("image", "must be 1 to 16 images", ["a file part", "a data URL"])
    }
    return inputs
  }
}
