import KinoraCore
import KinoraModel

/// The body of `/video-model` and `/video-model/start`, with the model that the header names.
struct GatewayRequest {
  private(set) var request: GenerationRequest
  private(set) var inputs: [WantedInput] = []
  /// A key that came in the body.
  private(set) var key: String?
  /// What was read and could not be heeded, as the AI SDK tells its callers.
  private(set) var warnings: [JSON] = []

  private static let known = [
    "prompt", "n", "aspectRatio", "resolution", "duration", "fps", "seed", "generateAudio",
    "image", "frameImages", "inputReferences", "providerOptions", "callbackUrl",
  ]
  /// Options of the gateway itself that mean something here.
  private static let gatewayOptions = ["user", "tags", "idempotencyKey"]
  private static let most = 32

  /// - Parameter entry: the model, which decides whose provider options are read
  init(_ body: ParsedBody, for entry: ModelIndex.Entry, slug: String) throws(KinoraError) {
    let fields = FieldReader(json: body.json, body: body)
    guard let members = body.json.members else {
      throw KinoraError(
        .malformedBody, "the body must be a JSON object, not \(body.json.typeName)")
    }
    if fields["callbackUrl"] != nil {
      throw fields.error(
        "callbackUrl", "is not called here: ask /video-model/status, or follow /v1/events")
    }
    request = GenerationRequest(
      model: entry.id, prompt: try fields.string("prompt", most: Limits.promptBytes) ?? "")
    request.count = Int(try fields.integer("n", in: 1...100) ?? 1)
    request.aspectRatio = try fields.string("aspectRatio", most: 64)
    request.seconds = try fields.seconds("duration")
    request.fps = try fields.integer("fps", in: 1...1000).map { Int($0) }
    request.seed = try fields.integer("seed", in: Int64.min...Int64.max)
    request.audio = try fields.bool("generateAudio")
    // 1280x720 is a size here, 720p a resolution; there both are called so.
    if let resolution = try fields.string("resolution", most: 64) {
      if PixelSize(resolution) != nil {
        request.size = resolution
      } else {
        request.resolution = resolution
      }
    }
    try readMedia(fields, body)
    try readOptions(fields, entry, slug)
    // What a later release of its client says is told as that client words what a model does not take.
    for member in members where !Self.known.contains(member.key) && !member.value.isNull {
      warnings.append(["type": "unsupported", "feature": .string(String(member.key.prefix(64)))])
    }
  }

  private mutating func readMedia(
    _ fields: FieldReader, _ body: ParsedBody
  ) throws(KinoraError) {
    let frames = try list(fields, "frameImages")
    let first = frames.first { $0["frameType"]?.string == "first_frame" }?["image"]
    // The AI SDK sends a first frame under both names; its own providers heed the frame.
    if let image = fields["image"] {
      if let first {
        if !Self.isSame(image, first, body) {
          warnings.append([
            "type": "other",
            "message": "image was not used: frameImages has another first frame",
          ])
        }
      } else {
        try add(image, .firstFrame, "image", body)
      }
    }
    for (at, item) in frames.enumerated() {
      let name = "frameImages.\(at)"
      let reader = FieldReader(json: item, body: body, prefix: "\(name).")
      let role: MediaInput.Role
      switch try reader.string("frameType", most: 32) {
      case "first_frame": role = .firstFrame
      case "last_frame": role = .lastFrame
      default:
        throw reader.error(
          "frameType", "must be first_frame or last_frame", ["first_frame", "last_frame"])
      }
      try add(reader["image"] ?? .null, role, "\(name).image", body)
    }
    for (at, item) in try list(fields, "inputReferences").enumerated() {
      try add(item, .reference, "inputReferences.\(at)", body)
    }
  }

  /// Whether two files are the same as far as that shows without reading them again: equal in JSON, or
  /// both moved into files of one length.
  private static func isSame(_ one: JSON, _ other: JSON, _ body: ParsedBody) -> Bool {
    func length(_ file: JSON) -> Int64? {
      guard let text = (file["data"] ?? file["url"])?.string else { return nil }
      switch body.lift(text) {
      case .file(let file), .bare(let file): return file.length
      case .text, .excess, nil: return nil
      }
    }
    return one == other || length(one).map { $0 == length(other) } == true
  }

  private func list(_ fields: FieldReader, _ name: String) throws(KinoraError) -> [JSON] {
    guard let value = fields[name] else { return [] }
    guard let items = value.array, items.count <= Self.most else {
      throw fields.error(name, "must be an array of at most \(Self.most) members", ["an array"])
    }
    return items
  }

  /// `{type:"url",url}` or `{type:"file",mediaType,data}`; the type is read from the bytes.
  private mutating func add(
    _ value: JSON, _ role: MediaInput.Role, _ name: String, _ body: ParsedBody
  ) throws(KinoraError) {
    let file = FieldReader(json: value, body: body, prefix: "\(name).")
    let media = MediaFields(fields: file, body: body)
    let source: WantedInput.Source
    switch try file.string("type", most: 16) {
    case "url": source = try media.source(file["url"] ?? .null, "\(name).url")
    case "file": source = try media.base64(file["data"] ?? .null, "\(name).data")
    default: throw file.error("type", "must be url or file", ["url", "file"])
    }
    inputs.append(WantedInput(role: role, field: name, source: source))
  }

  /// Options stand under the name of who understands them. Those of the chosen provider, of its
  /// plugin, or of the model's maker are passed on; those of others are for other models, by the AI
  /// SDK's own rule, and are only told.
  private mutating func readOptions(
    _ fields: FieldReader, _ entry: ModelIndex.Entry, _ slug: String
  ) throws(KinoraError) {
    let maker = slug.split(separator: "/").first.map(String.init) ?? slug
    let own = [entry.settings.name, entry.settings.plugin, maker]
    var options: [JSONMember] = []
    for member in try fields.object("providerOptions") ?? [] {
      let reader = FieldReader(
        json: member.value, body: fields.body, prefix: "providerOptions.\(member.key).")
      if member.key == "gateway" {
        try reader.only(Self.gatewayOptions)
        request.endUser = try reader.string("user", most: 256)
        key = try reader.string("idempotencyKey", most: Limits.idempotencyKeyLength)
        if let tags = reader["tags"] { request.metadata["tags"] = String(tags.text.prefix(512)) }
      } else if own.contains(member.key) {
        guard let members = member.value.members else {
          throw fields.error(
            "providerOptions.\(member.key)", "must be an object", ["an object"])
        }
        options += members.filter { item in !options.contains { $0.key == item.key } }
      } else {
        warnings.append([
          "type": "other",
          "message": .string(
            "providerOptions.\(member.key.prefix(64)) is not for \(entry.id) and was not used"),
        ])
      }
    }
    if !options.isEmpty { request.options = .object(options) }
  }
}
