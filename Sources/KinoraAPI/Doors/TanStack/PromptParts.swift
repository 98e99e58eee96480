import KinoraModel

/// A prompt as TanStack AI has it: text, or parts of text and media with roles.
struct PromptParts {
  /// The text, parts joined by line ends.
  private(set) var text = ""
  /// The media, in the order of the parts.
  private(set) var inputs: [WantedInput] = []

  /// `metadata.role` of an image. `mask` and `control` are for images only there.
  private static let roles: [String: MediaInput.Role] = [
    "start_frame": .firstFrame, "end_frame": .lastFrame, "reference": .reference,
    "character": .reference,
  ]
  private static let most = 64

  init(_ fields: FieldReader, _ body: ParsedBody) throws(KinoraError) {
    guard let value = fields["prompt"] else { return }
    guard let parts = value.array else {
      text = try fields.string("prompt", most: Limits.promptBytes) ?? ""
      return
    }
    guard parts.count <= Self.most else {
      throw fields.error("prompt", "has \(parts.count) parts, at most \(Self.most) are taken")
    }
    var texts: [String] = []
    for (at, part) in parts.enumerated() {
      let reader = FieldReader(json: part, body: body, prefix: "prompt.\(at).")
      let type = try reader.string("type", most: 32)
      switch type {
      case "text":
        // `content` is what its content parts call it; `text` is what other libraries do.
        let name = reader["content"] == nil ? "text" : "content"
        texts.append(try reader.string(name, most: Limits.promptBytes) ?? "")
      case "image", "video", "audio":
        try add(part, type ?? "", reader, body)
      default:
        throw reader.error(
          "type", "must be text, image, video or audio", ["text", "image", "video", "audio"])
      }
    }
    text = texts.joined(separator: "\n")
  }

  private mutating func add(
    _ part: JSON, _ type: String, _ reader: FieldReader, _ body: ParsedBody
  ) throws(KinoraError) {
    let source = FieldReader(
      json: part["source"] ?? .null, body: body, prefix: "\(reader.prefix)source.")
    let media = MediaFields(fields: source, body: body)
    let name = "\(source.prefix)value"
    let kind = try source.string("type", most: 16)
    guard let value = source["value"], kind == "url" || kind == "data" else {
      throw source.error("type", "must be url or data, with a value", ["url", "data"])
    }
    let from =
      kind == "url" ? try media.source(value, name) : try media.base64(value, name)
    inputs.append(WantedInput(role: try role(part, type, reader), field: name, source: from))
  }

  /// What a medium is for. An image without a role is where the clip begins, a second one something
  /// to go by.
  private func role(
    _ part: JSON, _ type: String, _ reader: FieldReader
  ) throws(KinoraError) -> MediaInput.Role {
    if type == "video" { return .video }
    if type == "audio" { return .audio }
    guard let word = part["metadata"]?["role"]?.string else {
      return inputs.contains { $0.role == .firstFrame } ? .reference : .firstFrame
    }
    guard let role = Self.roles[word] else {
      throw reader.error(
        "metadata.role", "cannot be \(word.prefix(40)) for a video", Self.roles.keys.sorted())
    }
    return role
  }
}
