import KinoraCore
import KinoraModel

/// The body of `POST /v1/chat/completions`, as far as it can be read without a model.
struct ChatFields {
  /// All but inputs and defaults.
  private(set) var request: GenerationRequest
  let messages: ChatMessages
  let config: ChatConfig
  /// `video`, `image`, or nil for what the model makes.
  let medium: String?
  let isStream: Bool
  let includesUsage: Bool
  /// Fields that say nothing about media and were left aside.
  private(set) var ignored: [String]
  private let configName: String

  private static let known = [
    "model", "messages", "modalities", "video_config", "image_config", "stream", "stream_options",
    "n", "seed", "user", "metadata", "max_cost_usd", "tenant",
  ]
  /// About text, which is not made here. Chat libraries send some of them always.
  private static let aboutText = [
    "temperature", "top_p", "max_tokens", "max_completion_tokens", "frequency_penalty",
    "presence_penalty", "stop", "store", "service_tier", "logprobs", "top_logprobs", "logit_bias",
    "reasoning_effort", "reasoning", "verbosity", "parallel_tool_calls", "top_k", "prediction",
    "web_search_options", "prompt_cache_key", "prompt_cache_retention", "safety_identifier",
  ]

  /// Throws `notSupported` for a request that wants text alone, else as `VideoFields` does.
  init(_ body: ParsedBody, _ index: ModelIndex) throws(KinoraError) {
    let fields = FieldReader(json: body.json, body: body)
    try fields.only(Self.known + Self.aboutText)
    let model = try fields.string("model", most: 256) ?? ""
    var medium = try Self.medium(fields)
    let hasVideo = fields["video_config"] != nil
    let hasImage = fields["image_config"] != nil
    if medium == nil, hasVideo != hasImage { medium = hasVideo ? "video" : "image" }
    if medium == nil, (try? index.resolve(model.isEmpty ? nil : model)) == nil || model.isEmpty {
      throw Self.textOnly
    }
    if medium == "image" ? hasVideo : medium == "video" && hasImage {
      throw fields.error(
        hasVideo ? "video_config" : "image_config", "does not go with this modality",
        [#"modalities ["video"] with video_config"#, #"["image"] with image_config"#])
    }
    self.medium = medium
    messages = try ChatMessages(fields["messages"], body)
    request = GenerationRequest(model: model, prompt: messages.prompt)
    request.count = Int(try fields.integer("n", in: 1...10) ?? 1)
    configName = hasImage ? "image_config" : "video_config"
    config = try ChatConfig(fields[configName], configName, body, into: &request)
    request.seed = try fields.integer("seed", in: Int64.min...Int64.max) ?? request.seed
    request.sourceJob = messages.source
    try VideoFields.readAccount(fields, into: &request)
    isStream = try fields.bool("stream") ?? false
    includesUsage = fields["stream_options"]?["include_usage"]?.bool ?? false
    ignored = messages.ignored + Self.aboutText.filter { fields[$0] != nil }
    guard !request.prompt.allSatisfy(\.isWhitespace) || !messages.images.isEmpty else {
      throw KinoraError(
        .promptMissing, "the last user message says nothing", field: "messages",
        allowed: ["text, or an image that is enough"])
    }
  }

  private static func medium(_ fields: FieldReader) throws(KinoraError) -> String? {
    guard let value = fields["modalities"] else { return nil }
    let words = (value.array ?? []).compactMap { $0.string?.lowercased() }
    let allowed = [#"["video","text"]"#, #"["image","text"]"#]
    guard !words.isEmpty, words.count == value.array?.count,
      words.allSatisfy({ ["video", "image", "text"].contains($0) })
    else { throw fields.error("modalities", "must be a list of video, image, text", allowed) }
    let media = Set(words).subtracting(["text"])
    if media.isEmpty { throw textOnly }
    guard media.count == 1 else {
      throw fields.error("modalities", "can ask for video or for image, not for both", allowed)
    }
    return media.first
  }

  private static var textOnly: KinoraError {
    KinoraError(
      .notSupported,
      "no text is made here: ask for video or images with modalities, or name a model that makes "
        + "them", field: "modalities", allowed: [#"["video","text"]"#, #"["image","text"]"#])
  }

  /// The model that makes it: the named one, else the configured one, else the first of the medium.
  func entry(_ index: ModelIndex) throws(KinoraError) -> ModelIndex.Entry {
    if request.model.isEmpty, medium == "image",
      let first = index.entries.first(where: { $0.model.medium == "image" })
    {
      return first
    }
    let entry = try index.resolve(request.model.isEmpty ? nil : request.model)
    guard let medium, medium != entry.model.medium else { return entry }
    if medium == "video" { throw index.noVideo(entry) }
    let fitting = index.entries.filter { $0.model.medium == medium }
    throw KinoraError(
      .badField, "\(entry.id) makes \(entry.model.medium)s, not \(medium)s", field: "model",
      allowed: fitting.prefix(8).map(\.id))
  }

  /// A complaint of the core by this door's names of fields.
  func named(_ error: KinoraError) -> KinoraError {
    guard let field = error.field else { return error }
    var named = error
    if field == "prompt" { named.field = "messages" }
    if let name = ChatConfig.names[field] { named.field = "\(configName).\(name)" }
    if field.hasPrefix("options") { named.field = "\(configName).\(field)" }
    if field == "source.job" { named.field = "messages" }
    return named
  }
}
