import KinoraModel

/// The flags that say what to make; `generate` and `quote` share them.
enum GenerationFlags {
  /// What their help says of the operand.
  static let note = "PROMPT may be -: it is read from standard input then."

  static let all = [
    Flag("model", "m", .values("MODEL"), "PROVIDER/MODEL, an alias, a provider; several: in order"),
    Flag("seconds", "d", .value("SECONDS"), "length", others: ["duration"]),
    Flag("size", nil, .value("WxH"), "pixels, as 1280x720"),
    Flag("aspect", nil, .value("W:H"), "shape, as 16:9", others: ["aspect-ratio"]),
    Flag("resolution", nil, .value("NAME"), "as 720p"),
    Flag("fps", nil, .value("N"), "frames a second"),
    Flag("image", "i", .value("FILE|URL"), "the first frame"),
    Flag("last-image", nil, .value("FILE|URL"), "the last frame"),
    Flag("reference", nil, .values("FILE|URL"), "a reference image; several times"),
    Flag("source", nil, .value("ID"), "go on with this job's result"),
    Flag("as", nil, .value("WORD"), "what to do with the source: extend, remix or edit"),
    Flag("seed", nil, .value("N"), "the same seed makes about the same video"),
    Flag("audio", nil, .onOff, "with sound, or without"),
    Flag("negative", nil, .value("TEXT"), "what should not be seen"),
    Flag("style", nil, .value("NAME"), "words of this style as well; see: kinora styles"),
    Flag("count", "n", .value("N"), "how many"),
    Flag("max-cost", nil, .value("USD"), "refuse rather than reserve more than this"),
    Flag("snap", nil, .on, "move values that the model cannot do to the nearest it can"),
    Flag("metadata", nil, .values("KEY=VALUE"), "kept with the job; several times"),
    Flag("user", nil, .value("USER"), "your own end user, for budgets and quotas"),
    Flag("tenant", nil, .value("TENANT"), "whom you serve with it, for settings and quotas"),
  ]
}

/// What is to be made, as fields of `POST /v1/videos`.
struct GenerationFields {
  private var fields: [JSONMember] = []
  private var files: [FormPart] = []

  /// Reads flags and files' first bytes; nothing is sent.
  init(_ arguments: Arguments) throws(Failure) {
    let models = arguments.values("model")
    if models.count > 1 {
      set("models", .array(models.map { .string($0) }))
    } else if let model = models.first {
      set("model", .string(model))
    }
    if let operand = arguments.operands.first {
      set("prompt", .string(try Prompt.read(operand)))
    }
    if let seconds = try arguments.seconds("seconds") { set("seconds", JSON(seconds)) }
    for (flag, field) in [
      ("size", "size"), ("aspect", "aspect_ratio"), ("resolution", "resolution"),
      ("negative", "negative_prompt"), ("style", "style_preset"), ("user", "user"),
      ("tenant", "tenant"),
    ] {
      if let value = arguments.value(flag) { set(field, .string(value)) }
    }
    if let fps = try arguments.count("fps", 1...1000) { set("fps", JSON(fps)) }
    if let seed = try arguments.count("seed", Int.min...Int.max) { set("seed", JSON(seed)) }
    if let count = try arguments.count("count", 1...1000) { set("n", JSON(count)) }
    if let audio = arguments.choice("audio") { set("audio", .bool(audio)) }
    if arguments.has("snap") { set("snap", true) }
    if let most = try arguments.dollars("max-cost") {
      set("max_cost_usd", .string(String(most.dollars.dropFirst())))
    }
    if let source = arguments.value("source") {
      let use = arguments.value("as").map { [JSONMember("as", .string($0))] } ?? []
      set("source", .object([JSONMember("job", .string(source))] + use))
    }
    try media("input_reference", arguments.value("image"))
    try media("last_frame", arguments.value("last-image"))
    try references(arguments.values("reference"))
    let pairs = try arguments.pairs("metadata")
    if !pairs.isEmpty {
      set("metadata", .object(pairs.map { JSONMember($0.key, .string($0.value)) }))
    }
    if arguments.operands.isEmpty && files.isEmpty && arguments.value("image") == nil {
      throw .usage("a prompt is missing: what is to be seen?", "see: kinora generate --help")
    }
  }

  private mutating func set(_ name: String, _ value: JSON) {
    fields.append(JSONMember(name, value))
  }

  private mutating func media(_ name: String, _ given: String?) throws(Failure) {
    guard let given else { return }
    if Self.isURL(given) { return set(name, .string(given)) }
    files.append(try Self.file(name, given))
  }

  private mutating func references(_ given: [String]) throws(Failure) {
    let urls = given.filter(Self.isURL)
    if !urls.isEmpty { set("references", .array(urls.map { .string($0) })) }
    for path in given where !Self.isURL(path) {
      files.append(try Self.file("references", path))
    }
  }

  /// JSON where there are no files, else a form whose files are read while they are sent.
  var body: Request.Body {
    if files.isEmpty { return .json(.object(fields)) }
    return .form(fields.flatMap { Self.parts($0.key, $0.value) } + files)
  }

  /// Text parts for a field; a nested one is `name[key]`, a list stands several times.
  private static func parts(_ name: String, _ value: JSON) -> [FormPart] {
    switch value {
    case .object(let members): members.flatMap { parts("\(name)[\($0.key)]", $0.value) }
    case .array(let items): items.flatMap { parts(name, $0) }
    default: [FormPart(name: name, content: .text(value.string ?? value.text))]
    }
  }

  private static func isURL(_ text: String) -> Bool {
    text.hasPrefix("https://") || text.hasPrefix("http://") || text.hasPrefix("data:")
  }

  private static func file(_ name: String, _ path: String) throws(Failure) -> FormPart {
    guard let head = Files.read(path, most: 16) else {
      throw .system("cannot read \(Shell.quoted(path))", systemErrorNumber())
    }
    return FormPart(name: name, content: .file(path: path, mime: mime(head)))
  }

  /// By the first bytes: what a file is called says nothing.
  private static func mime(_ head: [UInt8]) -> String {
    func has(_ bytes: [UInt8], at: Int = 0) -> Bool {
      head.count >= at + bytes.count && Array(head[at..<at + bytes.count]) == bytes
    }
    if has([0x89, 0x50, 0x4e, 0x47]) { return "image/png" }
    if has([0xff, 0xd8, 0xff]) { return "image/jpeg" }
    if has(Array("GIF8".utf8)) { return "image/gif" }
    if has(Array("RIFF".utf8)), has(Array("WEBP".utf8), at: 8) { return "image/webp" }
    if has(Array("ftyp".utf8), at: 4) { return "video/mp4" }
    return "application/octet-stream"
  }
}
