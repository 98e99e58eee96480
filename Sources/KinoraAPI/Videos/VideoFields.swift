import KinoraModel

/// The body of `POST /v1/videos`, read and checked as far as that is possible without a model.
package struct VideoFields {
  /// All but the inputs.
  private(set) var request: GenerationRequest
  /// What shall go in, in order.
  private(set) var inputs: [WantedInput] = []
  /// Models in the order in which they are to be asked, for requests that name several.
  private(set) var models: [String] = []
  /// Answer the quote, make nothing.
  private(set) var isDryRun = false

  /// Every field that is known, documented names first.
  package static let known = [
    "model", "models", "prompt", "seconds", "duration", "duration_seconds", "size", "aspect_ratio",
    "resolution", "fps", "audio", "generate_audio", "seed", "n", "negative_prompt",
    "style_preset",
    "input_reference", "first_frame", "last_frame", "references", "source", "max_cost_usd", "snap",
    "metadata", "user", "tenant",
    "options", "dry_run",
  ]
  /// Bytes of a word such as a size or an aspect ratio.
  private static let wordBytes = 64
  private static let modelBytes = 256
  /// Bytes of `user`.
  private static let userBytes = 256

  /// `known` are the fields that are taken. Throws `malformedBody`, `unknownField`, `badField`,
  /// `tooLarge` or `urlRefused`.
  init(_ body: ParsedBody, known: [String] = Self.known) throws(KinoraError) {
    let fields = FieldReader(json: body.json, body: body)
    try fields.only(known)
    request = GenerationRequest(
      model: try fields.string("model", most: Self.modelBytes) ?? "",
      prompt: try fields.string("prompt", most: Limits.promptBytes) ?? "")
    models = try Self.models(fields)
    request.negativePrompt = try fields.string("negative_prompt", most: Limits.promptBytes)
    request.stylePreset = try StyleFields.name(fields)
    request.seconds = try Self.seconds(fields)
    request.size = try fields.string("size", most: Self.wordBytes)
    request.aspectRatio = try fields.string("aspect_ratio", most: Self.wordBytes)
    request.resolution = try fields.string("resolution", most: Self.wordBytes)
    request.fps = try fields.integer("fps", in: 1...1000).map { Int($0) }
    request.audio = try Self.audio(fields)
    request.seed = try fields.integer("seed", in: Int64.min...Int64.max)
    request.count = Int(try fields.integer("n", in: 1...100) ?? 1)
    (request.sourceJob, request.sourceUse) = try Self.source(fields)
    request.snap = try fields.bool("snap") ?? false
    try Self.readAccount(fields, into: &request)
    request.options = try Self.options(fields, body)
    isDryRun = try fields.bool("dry_run") ?? false
    inputs = try MediaFields(fields: fields, body: body).inputs()
  }

  /// Who pays and for whom, the same in every dialect: `max_cost_usd`, `metadata`, `user`, `tenant`.
  static func readAccount(
    _ fields: FieldReader, into request: inout GenerationRequest
  ) throws(KinoraError) {
    request.maxCost = try amount(fields)
    request.metadata = try metadata(fields)
    request.endUser = try user(fields)
    request.tenant = try fields.string("tenant", most: 4096).map { name throws(KinoraError) in
      try APIService.tenant(name)
    }
  }

  /// A route of the request's own.
  static func models(_ fields: FieldReader) throws(KinoraError) -> [String] {
    guard let value = try fields.structure("models") else { return [] }
    let names = (value.array ?? []).compactMap(\.string)
    guard (1...8).contains(names.count), names.count == value.array?.count,
      Set(names).count == names.count,
      names.allSatisfy({ (1...modelBytes).contains($0.utf8.count) })
    else {
      throw fields.error(
        "models", "must be a list of 1 to 8 different models", ["[\"PROVIDER/MODEL\", …]"])
    }
    guard fields["model"] == nil else {
      throw fields.error(
        "models", "stands in place of model: give one of them", ["model", "models"])
    }
    return names
  }

  private static func seconds(_ fields: FieldReader) throws(KinoraError) -> Double? {
    let names = ["seconds", "duration", "duration_seconds"].filter { fields[$0] != nil }
    guard names.count <= 1 else {
      throw fields.error(names[1], "says the same as \(names[0]): give one of them", names)
    }
    guard let name = names.first else { return nil }
    return try fields.seconds(name)
  }

  private static func audio(_ fields: FieldReader) throws(KinoraError) -> Bool? {
    guard fields["generate_audio"] != nil else { return try fields.bool("audio") }
    guard fields["audio"] == nil else {
      throw fields.error("generate_audio", "says the same as audio: give one of them", ["audio"])
    }
    return try fields.bool("generate_audio")
  }

  private static func source(
    _ fields: FieldReader
  ) throws(KinoraError) -> (JobID?, GenerationKind?) {
    guard let members = try fields.object("source") else { return (nil, nil) }
    let inner = FieldReader(json: .object(members), body: fields.body, prefix: "source.")
    try inner.only(["job", "as"])
    guard let id = try inner.string("job", most: wordBytes) else {
      throw inner.error("job", "is missing", ["the id of an own job"])
    }
    guard let word = try inner.string("as", most: wordBytes) else {
      return (JobID(rawValue: id), nil)
    }
    guard let use = GenerationKind.continuing.first(where: { $0.rawValue == word }) else {
      throw inner.error(
        "as", "must say what is done with the job's result, not \(word)",
        GenerationKind.continuing.map(\.rawValue))
    }
    return (JobID(rawValue: id), use)
  }

  private static func amount(_ fields: FieldReader) throws(KinoraError) -> MicroUSD? {
    guard let value = fields["max_cost_usd"] else { return nil }
    guard let amount = MicroUSD(json: value) else {
      throw fields.error(
        "max_cost_usd", "must be an amount of dollars from 0, not \(FieldReader.shown(value))",
        ["a number such as 0.5", "a decimal string such as \"0.50\""])
    }
    return amount
  }

  private static func metadata(_ fields: FieldReader) throws(KinoraError) -> [String: String] {
    guard let members = try fields.object("metadata") else { return [:] }
    guard members.count <= Limits.metadataMembers else {
      throw fields.error(
        "metadata", "has \(members.count) members, at most \(Limits.metadataMembers) are taken",
        ["up to \(Limits.metadataMembers) members"])
    }
    var metadata: [String: String] = [:]
    for member in members {
      guard (1...Limits.metadataKeyBytes).contains(member.key.utf8.count) else {
        throw fields.error(
          "metadata",
          "keys must have 1 to \(Limits.metadataKeyBytes) bytes, this has "
            + "\(member.key.utf8.count)", ["keys of 1 to \(Limits.metadataKeyBytes) bytes"])
      }
      guard let value = member.value.string, value.utf8.count <= Limits.metadataValueBytes,
        fields.body.lift(value) == nil
      else {
        throw fields.error(
          "metadata.\(member.key)",
          "must be a string of at most \(Limits.metadataValueBytes) bytes",
          ["a string of up to \(Limits.metadataValueBytes) bytes"])
      }
      metadata[member.key] = value
    }
    return metadata
  }

  private static func user(_ fields: FieldReader) throws(KinoraError) -> String? {
    guard let user = try fields.string("user", most: userBytes) else { return nil }
    guard !user.isEmpty, user.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
      throw fields.error(
        "user", "must have 1 to \(userBytes) bytes and no control characters",
        ["1…\(userBytes) bytes"])
    }
    return user
  }

  private static func options(
    _ fields: FieldReader, _ body: ParsedBody
  ) throws(KinoraError) -> JSON? {
    guard let members = try fields.object("options") else { return nil }
    let options = JSON.object(members)
    guard !holdsLift(options, body) else {
      throw KinoraError(
        .tooLarge,
        "options may not hold strings over \(Limits.liftRequestBytes) bytes; media belongs into "
          + "input_reference, last_frame or references", field: "options")
    }
    return options
  }

  private static func holdsLift(_ json: JSON, _ body: ParsedBody) -> Bool {
    switch json {
    case .string(let text): body.lift(text) != nil
    case .array(let items): items.contains { holdsLift($0, body) }
    case .object(let members): members.contains { holdsLift($0.value, body) }
    default: false
    }
  }
}
