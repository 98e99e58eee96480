import KinoraModel

/// The canonical fields of a request as one hash: equal for requests that would make the same job,
/// however they were written (JSON or multipart, order of members, boundary).
enum Fingerprint {
  static func of(
    _ answer: QuoteAnswer, _ submission: Submission, digest: @Sendable ([UInt8]) -> String
  ) -> String {
    let client = submission.viewer.client
    // Which model a route begins with changes with the hour, and its defaults with it; the wish does
    // not.
    let request = answer.route == nil ? answer.resolved.request : submission.request
    var json = JSONWriter(capacity: 512 + request.prompt.utf8.count)
    json.beginArray()
    json.value(.string(client))
    json.value(.string(answer.route ?? answer.entry.id))
    json.value(.string(request.prompt))
    json.value(JSON(request.negativePrompt))
    json.value(JSON(request.seconds))
    json.value(JSON(request.aspectRatio))
    json.value(JSON(request.resolution))
    json.value(JSON(request.size))
    json.value(JSON(request.fps))
    json.value(JSON(request.audio))
    json.value(JSON(request.seed))
    json.value(.integer(Int64(request.count)))
    json.value(JSON(request.sourceHandle))
    json.value(JSON(request.maxCost?.rawValue))
    json.value(JSON(request.endUser))
    json.value(request.options?.canonical ?? .null)
    if let use = request.sourceUse { json.value(.string(use.rawValue)) }
    // By its name: other words behind it make no other request of one that is repeated.
    if let style = request.stylePreset { json.value(["style": .string(style)]) }
    if let tenant = request.tenant { json.value(["tenant": .string(tenant)]) }
    for input in request.inputs {
      json.value(.string(input.role.rawValue))
      json.value(JSON(input.sha256 ?? input.uri))
    }
    for (key, value) in request.metadata.sorted(by: { $0.key < $1.key }) {
      json.value(.string(key))
      json.value(.string(value))
    }
    json.endArray()
    return digest(json.bytes)
  }
}
