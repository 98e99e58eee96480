import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET /v1/styles`: what a request may name as `style_preset`.
extension APIService {
  /// `?tenant=`: with that tenant's own.
  func listStyles(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["tenant", "client"])
      let tenant = try query["tenant"].map { name throws(KinoraError) in try Self.tenant(name) }
      let styles = service.styles(client: try Self.client(query, call), tenant: tenant)
      return Answer.json(["object": "list", "data": .array(styles.map(Self.json))])
    }
  }

  private static func json(_ style: KnownStyle) -> JSON {
    StyleFields.json(style.preset).setting("name", .string(style.name))
      .setting("owner", .string(style.owner.rawValue))
  }
}

/// Styles in bodies.
enum StyleFields {
  /// A request's `style_preset`. Whether there is such a style is the core's to say.
  static func name(_ fields: FieldReader) throws(KinoraError) -> String? {
    guard let name = try fields.string("style_preset", most: StylePreset.nameBytes) else {
      return nil
    }
    guard StylePreset.isName(name) else {
      throw fields.error("style_preset", "must be the name of a style", ["see GET /v1/styles"])
    }
    return name
  }

  static func json(_ preset: StylePreset) -> JSON {
    ["prompt": .string(preset.prompt), "negative": JSON(preset.negative)]
  }

  /// Changes a tenant's own: what is named changes, null removes.
  static func change(
    _ members: [JSONMember], _ body: ParsedBody, _ styles: inout [String: StylePreset]
  ) throws(KinoraError) {
    let names = FieldReader(json: .object(members), body: body, prefix: "styles.")
    for member in members {
      guard StylePreset.isName(member.key) else {
        throw names.error(
          String(member.key.prefix(80)), "is no name of a style",
          ["1…\(StylePreset.nameBytes) letters, digits, -, _ and ."])
      }
      guard let style = try names.object(member.key) else {
        styles[member.key] = nil
        continue
      }
      let inner = FieldReader(
        json: .object(style), body: body, prefix: "styles.\(member.key).")
      try inner.only(["prompt", "negative"])
      guard let prompt = try text("prompt", inner), !prompt.isEmpty else {
        throw inner.error("prompt", "is missing: the words that are added", ["text"])
      }
      styles[member.key] = StylePreset(prompt: prompt, negative: try text("negative", inner))
    }
    guard styles.count <= StylePreset.most else {
      throw KinoraError(
        .badField, "styles would be \(styles.count), a tenant has at most \(StylePreset.most)",
        field: "styles", allowed: ["up to \(StylePreset.most)"])
    }
  }

  private static func text(
    _ name: String, _ fields: FieldReader
  ) throws(KinoraError) -> String? {
    let text = try fields.string(name, most: StylePreset.textBytes)
    try PromptText.check(text ?? "", fields.prefix + name)
    return text?.isEmpty == true ? nil : text
  }
}
