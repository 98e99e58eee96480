import KinoraModel

/// What a conversation asks for: the last user message counts. Earlier text is left aside, as a video
/// model has no use for it; media are never left aside silently.
struct ChatMessages {
  /// One image of the message, before a model says what it is good for.
  struct Image {
    var field: String
    var source: WantedInput.Source
    /// What the part itself calls it (`role` or `frame_type`).
    var role: MediaInput.Role?
  }

  private(set) var prompt = ""
  private(set) var images: [Image] = []
  /// A clip that shall be gone on with, as a job of the client's own.
  private(set) var source: JobID?
  /// Places of messages that were left aside.
  private(set) var ignored: [String] = []

  private let body: ParsedBody

  /// Throws `promptMissing` for no user message, `badField` for what is no message, and for media
  /// outside of the last user message.
  init(_ value: JSON?, _ body: ParsedBody) throws(KinoraError) {
    self.body = body
    guard let messages = value?.array else {
      throw KinoraError(
        .promptMissing, "messages must be an array with a user message", field: "messages",
        allowed: [#"[{"role":"user","content":"…"}]"#])
    }
    guard let last = messages.lastIndex(where: { $0["role"]?.string == "user" }) else {
      throw KinoraError(
        .promptMissing, "messages holds no message of the role user", field: "messages")
    }
    for (at, message) in messages.enumerated() where at != last {
      try leave(message, "messages.\(at)")
    }
    try read(messages[last], "messages.\(last)")
  }

  private mutating func leave(_ message: JSON, _ name: String) throws(KinoraError) {
    guard message.members != nil else {
      throw KinoraError(.badField, "\(name) is no message", field: name)
    }
    for (at, part) in (message["content"]?.array ?? []).enumerated()
    where message["role"]?.string == "user" && part["type"]?.string != "text" {
      throw KinoraError(
        .badField,
        "\(name).content.\(at) holds media, but only those of the last user message are used: "
          + "move it there or leave it out", field: "\(name).content.\(at)")
    }
    ignored.append(name)
  }

  private mutating func read(_ message: JSON, _ name: String) throws(KinoraError) {
    let fields = FieldReader(json: message, body: body, prefix: "\(name).")
    guard let parts = message["content"]?.array else {
      prompt = try fields.string("content", most: Limits.promptBytes) ?? ""
      return
    }
    var texts: [String] = []
    for (at, part) in parts.enumerated() {
      let place = "\(name).content.\(at)"
      let fields = FieldReader(json: part, body: body, prefix: "\(place).")
      switch part["type"]?.string {
      case "text", "input_text":
        texts.append(try fields.string("text", most: Limits.promptBytes) ?? "")
      case "image_url", "input_image": images.append(try image(part, fields, place))
      case "video_url": source = try clip(part, place)
      default:
        throw KinoraError(
          .badField, "\(place) is of a type that is not used here", field: "\(place).type",
          allowed: ["text", "image_url", "video_url"])
      }
    }
    prompt = texts.joined(separator: "\n")
  }

  private func image(
    _ part: JSON, _ fields: FieldReader, _ place: String
  ) throws(KinoraError) -> Image {
    guard let value = part["image_url"], !value.isNull else {
      throw fields.error("image_url", "is missing", [#"{"url":"data:image/png;base64,…"}"#])
    }
    let media = MediaFields(fields: fields, body: body)
    let word =
      part["role"]?.string ?? part["frame_type"]?.string ?? value["role"]?.string
      ?? value["frame_type"]?.string
    let roles = [MediaInput.Role.firstFrame, .lastFrame, .reference]
    let role = word.flatMap { MediaInput.Role(rawValue: $0) }
    guard word == nil || role.map(roles.contains) == true else {
      throw fields.error("role", "is not known", roles.map(\.rawValue))
    }
    let source: WantedInput.Source =
      value.string != nil
      ? try media.source(value, "\(place).image_url")
      : try media.source(.object([JSONMember("image_url", value)]), place)
    return Image(field: "\(place).image_url", source: source, role: role)
  }

  /// A clip is named by the job that made it, bare or as the address of its content.
  private func clip(_ part: JSON, _ place: String) throws(KinoraError) -> JobID {
    let value = part["video_url"]
    let text = value?.string ?? value?["url"]?.string ?? ""
    let name = text.split(separator: "/").first { $0.hasPrefix("video_") }
    guard let name, source == nil else {
      throw KinoraError(
        .badField,
        source == nil
          ? "\(place).video_url must name an own job" : "only one clip can be gone on with",
        field: "\(place).video_url", allowed: ["video_…", "http://…/v1/videos/video_…/content"])
    }
    return JobID(rawValue: String(name))
  }

  /// The images with their roles for a model. One image alone is the first frame of a clip; several
  /// are references. A picture model takes all as references.
  func inputs(for model: CatalogModel) -> [WantedInput] {
    func takes(_ role: MediaInput.Role) -> Bool { (model.inputs[role] ?? 0) > 0 }
    let plain = images.count { $0.role == nil }
    let isFrame =
      model.medium == "video" && plain == 1
      && !images.contains { $0.role == .firstFrame || $0.role == .reference }
    let usual: MediaInput.Role = isFrame && takes(.firstFrame) ? .firstFrame : .reference
    let fallback: MediaInput.Role = takes(.reference) || plain > 1 ? usual : .firstFrame
    return images.map { image in
      WantedInput(role: image.role ?? fallback, field: image.field, source: image.source)
    }
  }
}
