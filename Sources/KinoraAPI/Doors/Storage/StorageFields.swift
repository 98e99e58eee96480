import KinoraCore
import KinoraModel

/// The body of `POST /video/generate` and `POST /video/extend`. What is not known, or not possible
/// with the model, is told in `warnings`; media that a model does not take are refused all the same.
struct StorageFields {
  private(set) var request: GenerationRequest
  private(set) var inputs: [WantedInput] = []
  private(set) var entry: ModelIndex.Entry
  private(set) var warnings: [String] = []
  /// The model's name as it was asked for.
  let modelName: String
  let customer: Int64
  let savesToStore: Bool
  /// Seconds that were asked for, or the door's; an extension is as long as its model makes it.
  let askedSeconds: Double?
  let enhancesPrompt: Bool
  /// Seconds that the client waits.
  private(set) var patience = 600.0
  /// Seconds between polls, as it will be.
  private(set) var pollSeconds: Double

  static let known = [
    "prompt", "settings", "customer_id", "input_image_url", "save_to_db", "session_id", "video_id",
  ]
  private static let video = [
    "model", "duration_seconds", "aspect_ratio", "enhance_prompt", "number_of_videos", "fps",
    "resolution", "generate_audio", "negative_prompt", "seed", "person_generation",
    "poll_timeout_seconds", "poll_interval_seconds", "reference_images", "multiple_images",
    "last_frame", "mask", "video_id", "file_extension", "style_preset",
  ]
  /// Settings by the names that plugins know them by.
  private static let options = [
    "person_generation": "personGeneration", "enhance_prompt": "enhancePrompt",
    "cfg_scale": "cfg_scale", "mode": "mode", "quality": "quality",
  ]
  /// This door's row of defaults.
  private static let defaults = DoorDefaults.table["storage-backend"]

  /// - Parameters:
  ///   - isExtension: the clip goes on with another
  ///   - source: the model that made that one, for bodies that name none
  /// Throws `promptMissing`, `badField`, `modelUnknown`, `notSupported`, `tooLarge`, `urlRefused`.
  init(
    _ body: ParsedBody, _ index: ModelIndex, isExtension: Bool = false, of source: String? = nil
  ) throws(KinoraError) {
    // Numbers and booleans are taken as strings, too.
    var lenient = body
    lenient.isForm = true
    let top = FieldReader(json: body.json, body: lenient)
    let settings = top["settings"] ?? .object([])
    let video = FieldReader(
      json: settings["video"] ?? .object([]), body: lenient, prefix: "settings.video.")
    let prompt = try Self.prompt(top)
    customer = try Self.customer(top)
    savesToStore = try top.bool("save_to_db") ?? true
    let name = try video.string("model", most: 256)
    modelName = name?.isEmpty == false ? name ?? "" : source ?? Self.defaults?.model ?? ""
    var warning: String?
    (entry, warning) = try StorageModels.entry(modelName, index)
    // What a clip that is gone on with gets more is the model's to say.
    let usual = isExtension ? nil : Self.defaults?.seconds
    askedSeconds = try video.seconds("duration_seconds") ?? usual
    enhancesPrompt = try video.bool("enhance_prompt") ?? true
    pollSeconds = Double(entry.catalog.pollMilliseconds) / 1000
    request = GenerationRequest(model: entry.id, prompt: prompt)
    if let warning { warnings.append(warning) }
    request.seconds = askedSeconds
    request.endUser = "customer-\(customer)"
    request.metadata["customer_id"] = String(customer)
    if let session = try top.string("session_id", most: Limits.metadataValueBytes) {
      request.metadata["session_id"] = session
    }
    try readLook(video)
    try readOptions(video)
    try readPolling(video)
    inputs = try Self.media(top, video, lenient)
    warn(top.json, Self.known, "")
    warn(settings, ["video", "video_id"], "settings.")
    warn(video.json, Self.video + Array(Self.options.keys), "settings.video.")
  }

  /// The clip that is gone on with.
  mutating func extend(_ id: JobID) {
    request.sourceJob = id
    request.sourceUse = .extend
  }

  private static func prompt(_ top: FieldReader) throws(KinoraError) -> String {
    guard top.json.members != nil else {
      throw KinoraError(.malformedBody, "the body must be a JSON object")
    }
    let prompt = try top.string("prompt", most: Limits.promptBytes) ?? ""
    guard !prompt.allSatisfy(\.isWhitespace) else {
      throw KinoraError(
        .promptMissing, "prompt is missing or empty", field: "prompt", allowed: ["text"])
    }
    return prompt
  }

  private static func customer(_ top: FieldReader) throws(KinoraError) -> Int64 {
    guard let customer = try top.integer("customer_id", in: 1...Int64.max) else {
      throw top.error("customer_id", "is missing", ["a whole number above 0"])
    }
    return customer
  }

  private mutating func readLook(_ video: FieldReader) throws(KinoraError) {
    request.aspectRatio = try video.string("aspect_ratio", most: 64)
    request.resolution = try video.string("resolution", most: 64)
    request.fps = try video.integer("fps", in: 1...1000).map { Int($0) }
    request.audio = try video.bool("generate_audio")
    request.stylePreset = try StyleFields.name(video)
    request.count = Int(try video.integer("number_of_videos", in: 1...4) ?? 1)
    let negative = try video.string("negative_prompt", most: Limits.promptBytes)
    if negative?.isEmpty == false, !entry.model.takesNegativePrompt {
      warnings.append("negative_prompt: \(entry.id) takes none, it was left out")
    } else if negative?.isEmpty == false {
      request.negativePrompt = negative
    }
    let seed = try video.integer("seed", in: Int64.min...Int64.max)
    if seed != nil, !entry.model.takesSeed {
      warnings.append("seed: \(entry.id) takes none, it was left out")
    } else {
      request.seed = seed
    }
  }

  /// Settings that are a provider's own options: passed on under the plugin's name where the model has
  /// them. Only an enhanced prompt is a default, so only an asked one is worth a warning.
  private mutating func readOptions(_ video: FieldReader) throws(KinoraError) {
    var options = JSON.object([])
    for (name, option) in Self.options.sorted(by: { $0.key < $1.key }) {
      let value = name == "enhance_prompt" ? .bool(enhancesPrompt) : video[name]
      guard let value else { continue }
      if entry.model.options?.contains(option) == true {
        options = options.setting(option, value)
      } else if video[name] != nil {
        warnings.append("\(name): \(entry.id) has no such setting, it was left out")
      }
    }
    if options.members?.isEmpty == false { request.options = options }
    if let ending = video["file_extension"]?.string, !["mp4", ".mp4"].contains(ending) {
      warnings.append("file_extension: the provider's file is kept as it is")
    }
    if video["mask"] != nil {
      throw KinoraError(
        .notSupported, "masks are not passed on", field: "settings.video.mask")
    }
  }

  private mutating func readPolling(_ video: FieldReader) throws(KinoraError) {
    if let seconds = try Self.number(video, "poll_timeout_seconds") {
      patience = min(max(seconds, 0.1), 3600)
    }
    guard let asked = try Self.number(video, "poll_interval_seconds") else { return }
    let usual = pollSeconds
    pollSeconds = max(asked, 0.1, usual)
    request.pollSeconds = pollSeconds
    if asked < pollSeconds {
      warnings.append(
        "poll_interval_seconds: \(asked.plain) is quicker than the provider's pace of "
          + "\(pollSeconds.plain) s")
    }
  }

  /// A number from 0.
  private static func number(
    _ fields: FieldReader, _ name: String
  ) throws(KinoraError) -> Double? {
    guard let value = fields[name] else { return nil }
    guard let number = value.double ?? value.string.flatMap({ Double($0) }), number >= 0,
      number <= 86_400
    else { throw fields.error(name, "must be a number of seconds", ["0.1 to 3600"]) }
    return number
  }

  private static func media(
    _ top: FieldReader, _ video: FieldReader, _ body: ParsedBody
  ) throws(KinoraError) -> [WantedInput] {
    var inputs: [WantedInput] = []
    func add(
      _ fields: FieldReader, _ name: String, _ role: MediaInput.Role
    ) throws(KinoraError) {
      guard let value = fields[name], value.string?.isEmpty != true else { return }
      let media = MediaFields(fields: fields, body: body)
      for (at, item) in (value.array ?? [value]).enumerated() {
        let place = fields.prefix + (value.array == nil ? name : "\(name).\(at)")
        inputs.append(WantedInput(role: role, field: place, source: try media.source(item, place)))
      }
    }
    try add(top, "input_image_url", .firstFrame)
    try add(video, "last_frame", .lastFrame)
    try add(video, "reference_images", .reference)
    try add(video, "multiple_images", .reference)
    return inputs
  }

  private mutating func warn(_ json: JSON, _ known: [String], _ prefix: String) {
    for member in json.members ?? [] where !known.contains(member.key) {
      warnings.append("\(prefix)\(member.key.prefix(80)) is not known and was left out")
    }
  }
}
