import KinoraModel

/// The body of `predictLongRunning`: one instance, and parameters in camelCase.
struct GoogleVeoBody {
  private(set) var request: GenerationRequest
  private(set) var inputs: [WantedInput] = []

  private static let instanceFields = ["prompt", "image", "lastFrame", "video", "referenceImages"]
  private static let parameterFields = [
    "sampleCount", "durationSeconds", "aspectRatio", "resolution", "negativePrompt", "seed",
    "generateAudio", "fps",
  ]
  /// Google's own, which no other provider knows: they go along as options of the model.
  private static let optionFields = ["personGeneration", "enhancePrompt", "compressionQuality"]
  private static let wordBytes = 64

  init(_ body: ParsedBody, model: String) throws(KinoraError) {
    let top = FieldReader(json: body.json, body: body)
    try top.only(["instances", "parameters"])
    guard let instances = top["instances"]?.array, instances.count == 1 else {
      throw top.error("instances", "must have exactly one instance", ["[{…}]"])
    }
    let instance = FieldReader(json: instances[0], body: body, prefix: "instances.0.")
    try instance.only(Self.instanceFields)
    request = GenerationRequest(
      model: model, prompt: try instance.string("prompt", most: Limits.promptBytes) ?? "")
    try parameters(FieldReader(json: top["parameters"] ?? [:], body: body, prefix: "parameters."))
    try media(instance)
  }

  private mutating func parameters(_ fields: FieldReader) throws(KinoraError) {
    try fields.only(Self.parameterFields + Self.optionFields)
    request.seconds = try fields.seconds("durationSeconds")
    request.aspectRatio = try fields.string("aspectRatio", most: Self.wordBytes)
    request.resolution = try fields.string("resolution", most: Self.wordBytes)
    request.negativePrompt = try fields.string("negativePrompt", most: Limits.promptBytes)
    request.seed = try fields.integer("seed", in: Int64.min...Int64.max)
    request.audio = try fields.bool("generateAudio")
    request.fps = try fields.integer("fps", in: 1...1000).map { Int($0) }
    request.count = Int(try fields.integer("sampleCount", in: 1...100) ?? 1)
    let options = Self.optionFields.compactMap { name in
      fields[name].map { JSONMember(name, $0) }
    }
    if !options.isEmpty { request.options = .object(options) }
  }

  private mutating func media(_ fields: FieldReader) throws(KinoraError) {
    for (name, role) in [("image", MediaInput.Role.firstFrame), ("lastFrame", .lastFrame)] {
      guard let image = fields[name] else { continue }
      inputs.append(
        WantedInput(
          role: role, field: fields.prefix + name,
          source: try GoogleImage.source(image, fields.prefix + name, fields.body)))
    }
    for (at, item) in (fields["referenceImages"]?.array ?? []).enumerated() {
      let name = "\(fields.prefix)referenceImages.\(at).image"
      inputs.append(
        WantedInput(
          role: .reference, field: name,
          source: try GoogleImage.source(item["image"] ?? .null, name, fields.body)))
    }
    guard let video = fields["video"] else { return }
    guard let uri = video["uri"]?.string, let file = GoogleImage.file(uri) else {
      throw fields.error("video", "must name an earlier result", ["{\"uri\":\"…/files/ID…\"}"])
    }
    request.sourceJob = GoogleDoor.job(file).id
  }
}

/// A picture as this dialect sends it.
enum GoogleImage {
  /// `{"bytesBase64Encoded"|"imageBytes"|"data","mimeType"}`, `{"gcsUri"}` or `{"inlineData":{…}}`.
  static func source(
    _ image: JSON, _ name: String, _ body: ParsedBody
  ) throws(KinoraError) -> WantedInput.Source {
    let image = image["inlineData"] ?? image
    let media = MediaFields(fields: FieldReader(json: image, body: body), body: body)
    for member in ["bytesBase64Encoded", "imageBytes", "data"] {
      if let text = image[member] { return try media.base64(text, name) }
    }
    if let uri = (image["gcsUri"] ?? image["uri"])?.string {
      return try media.source(.string(uri), name)
    }
    throw KinoraError(
      .badField, "\(name) is not a picture", field: name,
      allowed: [
        "{\"bytesBase64Encoded\":\"…\",\"mimeType\":\"image/png\"}", "{\"gcsUri\":\"gs://…\"}",
      ])
  }

  /// The name of a file in an address: what follows `files/`.
  static func file(_ uri: String) -> String? {
    guard let range = uri.firstRange(of: "files/") else { return nil }
    let name = uri[range.upperBound...].prefix { $0.isLetter || $0.isNumber }
    return name.isEmpty ? nil : String(name)
  }
}
