import KinoraModel

/// One medium that a request names, before it is stored.
struct WantedInput: Sendable {
  /// Where its bytes come from.
  enum Source: Sendable {
    /// They came with the body, long enough for a file.
    case uploaded(UploadedFile)
    /// They came with the body, as base64.
    case inline(base64: String)
    /// They are fetched.
    case address(String)
    /// A provider's own address or file id, which only the provider can read.
    case foreign(String)
    /// It is stored already: a result of the client's own.
    case stored(Artifact)
    /// The medium that this role of the same request has.
    case same(MediaInput.Role)
  }

  var role: MediaInput.Role
  /// The field that named it, as `references.0`.
  var field: String
  var source: Source
}

/// Reads the fields of a request that hold media, in all the forms that clients use.
struct MediaFields {
  let fields: FieldReader
  let body: ParsedBody

  /// Inputs of one request, whatever a model takes.
  private static let most = 32
  private static let forms = [
    "a file part", "\"https://…\"", "\"data:image/png;base64,…\"",
    "{\"image_url\":\"https://… or data:…\"}", "{\"file_id\":\"…\"}", "\"gs://…\"",
  ]

  /// The inputs in the order of roles. Throws `badField`, `badMedia` or `urlRefused`.
  func inputs() throws(KinoraError) -> [WantedInput] {
    var inputs: [WantedInput] = []
    for (name, role) in [
      ("input_reference", MediaInput.Role.firstFrame), ("first_frame", .firstFrame),
      ("last_frame", .lastFrame),
    ] {
      guard let value = try fields.structure(name) else { continue }
      inputs.append(WantedInput(role: role, field: name, source: try source(value, name)))
    }
    if inputs.count(where: { $0.role == .firstFrame }) > 1 {
      throw fields.error(
        "first_frame", "says the same as input_reference: give one of them",
        ["input_reference", "first_frame"])
    }
    if let value = try fields.structure("references") {
      guard let items = value.array else {
        throw fields.error("references", "must be an array, not \(value.typeName)", ["an array"])
      }
      guard items.count <= Self.most else {
        throw fields.error("references", "has \(items.count) members, at most \(Self.most)")
      }
      for (at, item) in items.enumerated() {
        let name = "references.\(at)"
        inputs.append(WantedInput(role: .reference, field: name, source: try source(item, name)))
      }
    }
    return inputs
  }

  /// Where a medium comes from that is given in any of the forms. Throws as ``inputs()`` does.
  func source(_ value: JSON, _ name: String) throws(KinoraError) -> WantedInput.Source {
    switch value {
    case .string(let text): return try source(text: text, name)
    case .object(let members) where members.count == 1:
      let inner = members[0].value
      switch members[0].key {
      case "image_url":
        // The chat dialect wraps the address once more.
        guard let text = inner.string ?? inner["url"]?.string else { break }
        return try source(text: text, "\(name).image_url")
      case "file_id":
        guard let text = inner.string, !text.isEmpty, text.utf8.count <= 1024 else { break }
        return .foreign(text)
      default: break
      }
      fallthrough
    default:
      throw KinoraError(
        .badField, "\(name) is not a medium: \(FieldReader.shown(value))", field: name,
        allowed: Self.forms)
    }
  }

  private func source(text: String, _ name: String) throws(KinoraError) -> WantedInput.Source {
    switch body.lift(text) {
    case .file(let file):
      guard file.length > 0 else {
        throw KinoraError(.badMedia, "\(name) is empty", field: name)
      }
      return .uploaded(file)
    case .excess(let bytes):
      throw KinoraError(
        .tooLarge,
        "\(name) has \(bytes) bytes of base64; an input may have at most \(Limits.inputBytes) bytes",
        field: name, allowed: ["up to \(Limits.inputBytes) bytes"])
    case .bare(let file): throw Self.noMedium(file.length, name)
    case .text(let bytes): throw Self.noMedium(bytes, name)
    case nil: break
    }
    let lower = text.prefix(16).lowercased()
    if lower.hasPrefix("data:") {
      guard case .base64(let start) = DataURL.head(text.utf8) else {
        throw KinoraError(
          .badMedia, "\(name) is a data URL without base64", field: name, allowed: Self.forms)
      }
      return .inline(base64: String(decoding: text.utf8.dropFirst(start), as: UTF8.self))
    }
    if lower.hasPrefix("https://"), text.utf8.count <= 8192 { return .address(text) }
    if lower.hasPrefix("gs://"), text.utf8.count <= 2048 { return .foreign(text) }
    if lower.contains("://") {
      throw KinoraError(
        .urlRefused, "\(name) must be an https address of at most 8192 bytes", field: name,
        allowed: Self.forms)
    }
    throw KinoraError(
      .badField, "\(name) is neither an address nor a data URL", field: name,
      allowed: Self.forms)
  }
  /// Where bare base64 comes from, as dialects have it that say the type beside it; a data URL is
  /// taken as well. Throws as ``inputs()`` does.
  func base64(_ value: JSON, _ name: String) throws(KinoraError) -> WantedInput.Source {
    guard let text = value.string, !text.isEmpty else {
      throw KinoraError(.badMedia, "\(name) must be base64", field: name, allowed: ["base64"])
    }
    if case .bare(let file) = body.lift(text) { return .uploaded(file) }
    if body.lift(text) != nil || text.hasPrefix("data:") { return try source(text: text, name) }
    return .inline(base64: text)
  }

  private static func noMedium(_ bytes: Int64, _ name: String) -> KinoraError {
    KinoraError(
      .badField, "\(name) has \(bytes) bytes and is no base64 data URL", field: name,
      allowed: forms)
  }
}
