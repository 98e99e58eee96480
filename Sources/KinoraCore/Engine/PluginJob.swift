import KinoraModel

/// The job as its plugin sees it: no media, no money, no client.
enum PluginJob {
  static func json(_ record: JobRecord) -> [UInt8] {
    let request = record.request
    var json = JSONWriter(capacity: 512 + request.prompt.utf8.count)
    json.beginObject()
    json.member("id", .string(record.id.rawValue))
    json.member("tag", .string(record.seed))
    json.member("model", .string(record.model))
    json.member("kind", .string(record.kind.rawValue))
    let suffix = record.tenantTerms?.promptSuffix
    json.member("prompt", .string(request.promptSent(suffix: suffix)))
    json.member(ifPresent: "negative_prompt", request.negativePromptSent)
    if let seconds = request.seconds { json.member("seconds", JSON(seconds)) }
    json.member(ifPresent: "aspect_ratio", request.aspectRatio)
    json.member(ifPresent: "resolution", request.resolution)
    json.member(ifPresent: "size", request.size)
    json.member(ifPresent: "fps", request.fps.map(Int64.init))
    if let audio = request.audio { json.member("audio", .bool(audio)) }
    json.member(ifPresent: "seed", request.seed)
    json.member("count", .integer(Int64(request.count)))
    json.key("inputs")
    json.beginArray()
    for input in request.inputs {
      json.beginObject()
      json.member("role", .string(input.role.rawValue))
      json.member("mime", .string(input.mime))
      json.member(ifPresent: "ref", input.ref)
      json.member("bytes", .integer(input.bytes))
      json.member(ifPresent: "url", input.url)
      json.member(ifPresent: "uri", input.uri)
      json.endObject()
    }
    json.endArray()
    if let handle = request.sourceHandle {
      json.member("source", ["handle": .string(handle)])
    }
    if let options = request.options { json.member("options", options) }
    json.endObject()
    return json.bytes
  }
}
