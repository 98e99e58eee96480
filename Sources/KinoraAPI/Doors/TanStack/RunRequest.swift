import KinoraModel

/// The body that a TanStack client posts, in any of its three forms, as a request for a job.
///
/// The present client sends an AG-UI envelope whose `data` and `forwardedProps` hold the same object;
/// the first one sent `{"messages":[],"data":{…}}` with the hook's own `body` beside it; the library's
/// helper also takes the bare object. All are read at once: what `data` says wins over
/// `forwardedProps`, and that over the top.
struct RunRequest {
  /// All but the inputs.
  private(set) var request: GenerationRequest
  private(set) var inputs: [WantedInput]
  /// How long its answer may take: `maxDuration`, in milliseconds as the library has it.
  private(set) var limit = TanStackDoor.longest
  /// Models in the order in which they are to be asked.
  private(set) var models: [String]

  /// Members of the envelope that say nothing about the video.
  private static let envelope: Set<String> = [
    "threadId", "runId", "parentRunId", "state", "messages", "tools", "context", "resume",
    "forwardedProps", "data",
  ]
  /// Its names for what has another name here.
  private static let renamed = [
    "aspectRatio": "aspect_ratio", "negativePrompt": "negative_prompt", "generateAudio": "audio",
    "maxCostUsd": "max_cost_usd", "lastFrame": "last_frame", "firstFrame": "first_frame",
    "stylePreset": "style_preset",
  ]
  /// What `modelOptions` may say of what has a place of its own, which wins.
  private static let shape: Set<String> = [
    "size", "seconds", "duration", "aspect_ratio", "resolution", "fps", "audio", "seed",
    "negative_prompt",
  ]

  /// - Parameters:
  ///   - name: what the client calls it
  ///   - model: the parameter `model`, for bodies that name none
  init(_ body: ParsedBody, _ name: RunName, model: String?) throws(KinoraError) {
    let top = FieldReader(json: body.json, body: body)
    guard let members = body.json.members else {
      throw KinoraError(
        .malformedBody, "the body must be a JSON object, not \(body.json.typeName)")
    }
    var merged: [JSONMember] = []
    let layers = [
      try top.object("data") ?? [], try top.object("forwardedProps") ?? [],
      members.filter { !Self.envelope.contains($0.key) },
    ]
    for member in layers.joined() where !member.value.isNull {
      Self.add(member.value, as: Self.renamed[member.key] ?? member.key, to: &merged)
    }
    var options: [JSONMember] = []
    for name in ["modelOptions", "providerOptions"] {
      let reader = FieldReader(json: .object(merged), body: body)
      guard let given = try reader.object(name) else { continue }
      merged.removeAll { $0.key == name }
      for member in given where !member.value.isNull {
        let key = Self.renamed[member.key] ?? member.key
        if Self.shape.contains(key) {
          Self.add(member.value, as: key, to: &merged)
        } else {
          Self.add(member.value, as: member.key, to: &options)
        }
      }
    }
    if !options.isEmpty { Self.add(.object(options), as: "options", to: &merged) }
    try Self.splitSize(FieldReader(json: .object(merged), body: body), &merged)
    if let model { Self.add(.string(model), as: "model", to: &merged) }
    if let at = merged.firstIndex(where: { $0.key == "previousJobId" }) {
      merged[at] = JSONMember("source", ["job": merged[at].value])
    }

    let waiting = FieldReader(json: .object(merged), body: body)
    limit = try waiting.integer("maxDuration", in: 1...86_400_000) ?? limit
    // How often its server asks; here the provider's pace is the plugin's.
    merged.removeAll { ["maxDuration", "pollingInterval"].contains($0.key) }

    let parts = try PromptParts(FieldReader(json: .object(merged), body: body), body)
    merged.removeAll { $0.key == "prompt" }
    merged.append(JSONMember("prompt", .string(parts.text)))
    var native = body
    native.json = .object(merged)
    let fields = try VideoFields(native)
    guard !fields.isDryRun else {
      throw KinoraError(
        .badField, "dry_run has no answer here: POST /v1/quote", field: "dry_run",
        allowed: ["false"])
    }
    request = fields.request
    inputs = fields.inputs + parts.inputs
    models = fields.models
    if let run = name.run { request.metadata[RunName.runKey] = run }
    if let thread = name.thread { request.metadata[RunName.threadKey] = thread }
  }

  /// `16:9` and `16:9_1080p` are sizes too, for the models that its adapters for Gemini, Grok and
  /// BytePlus speak to (packages/ai-gemini/src/video/video-provider-options.ts).
  private static func splitSize(
    _ fields: FieldReader, _ members: inout [JSONMember]
  ) throws(KinoraError) {
    guard let size = fields["size"]?.string, size.contains(":") else { return }
    let words = size.split(separator: "_", maxSplits: 1).map(String.init)
    for (name, word) in zip(["aspect_ratio", "resolution"], words) {
      if let other = fields[name]?.string, other != word {
        throw fields.error(
          "size", "is \(word), but \(name) is \(other): give one of them", [word, other])
      }
      add(.string(word), as: name, to: &members)
    }
    members.removeAll { $0.key == "size" }
  }

  /// The first to say something is heard; the three names of the length are one.
  private static func add(_ value: JSON, as key: String, to members: inout [JSONMember]) {
    let lengths = ["seconds", "duration", "duration_seconds"]
    let same = lengths.contains(key) ? lengths : [key]
    guard !members.contains(where: { same.contains($0.key) }) else { return }
    members.append(JSONMember(key, value))
  }
}
