import KinoraPlugin

/// The body of a submit, and what errors mean.
extension Zai {
  func submission(_ job: Job, _ context: Context) throws(Failure) -> JSON {
    var body: JSON = ["model": .string(job.model)]
    body["prompt"] = job.prompt.isEmpty ? .null : .string(job.prompt)
    body["image_url"] = try images(job)
    for option in job.options.members { body[option.key] = option.value }
    if job.model.hasPrefix("cogvideox"), job.input("last_frame") != nil,
      job.options["quality"].string == "quality"
    {
      throw Failure(.invalid, "options.quality must be speed with first and last frame")
    }
    body["with_audio"] = JSON(job.audio)
    body["size"] = JSON(job.size)
    body["duration"] = JSON(job.seconds)
    body["fps"] = JSON(job.fps)
    // CogVideoX has sizes alone: the host chose one of this shape.
    if !job.model.hasPrefix("cogvideox") { body["aspect_ratio"] = JSON(job.aspectRatio) }
    // Shown in the provider's console, so that a person finds a lost submit there. A second one of the
    // same name is refused (code 1231), so each purchase has its own.
    body["request_id"] = .string("kin-\(context.idempotencyKey)")
    return body
  }

  /// One image is a string, several are an array: first and last frame, or references.
  private func images(_ job: Job) throws(Failure) -> JSON {
    let frames = [job.input("first_frame"), job.input("last_frame")].compactMap(\.self)
    var list: [JSON] = []
    for input in frames + job.inputs("reference") {
      guard input.ref == nil else {
        list.append(.dataURL(input))
        continue
      }
      guard let uri = input.uri, uri.hasPrefix("https://") else {
        throw Failure(.invalid, "\(input.role) must be given as bytes or as an https address")
      }
      list.append(.string(uri))
    }
    if job.kind == "references" { return .array(list) }
    return list.count == 1 ? list[0] : list.isEmpty ? .null : .array(list)
  }

  /// `{"error":{"code","message"}}`, the code a number in a string. The status alone says little: a
  /// spent balance is 429 as a busy hour is. Source: docs.z.ai/api-reference/api-code; which status
  /// comes with a code of 12xx and 13xx is inferred.
  func refusal(_ response: Response, _ context: Context) -> Failure {
    let error = response.jsonOrNull["error"]
    let words = Failure.cleaned(error["message"].string ?? error.string ?? "")
    let code = error["code"].text ?? ""
    let said = words.isEmpty ? "" : ": \(words)"
    let after = response.retryAfter(now: context.now) ?? 0
    switch code {
    case "1000", "1001", "1002", "1003", "1004", "1110", "1111", "1112", "1120", "1121", "1220":
      return Failure(.unauthenticated, "the provider refused the credential (\(code))\(said)")
    case "1113", "1309":
      return Failure(.exhausted, "the provider's account has no credit left (\(code))\(said)")
    case "1210", "1211", "1212", "1213", "1214", "1215", "1221", "1222", "1231":
      return Failure(.invalid, "the provider refused the request (\(code))\(said)")
    case "1301": return Failure(.refused, "content refused\(said)")
    case "1304", "1308", "1310":
      // A daily or weekly limit does not come back within minutes.
      return Failure(
        .exhausted, "the account's limit is reached (\(code))\(said)", isRetryable: true,
        retryAfter: max(after, 3_600_000))
    case "1302", "1303", "1305":
      return Failure(
        .exhausted, "the provider has no room for more requests (\(code))\(said)",
        isRetryable: true, retryAfter: after)
    case "500", "1200", "1230", "1234":
      return Failure(
        .unavailable, "the provider answered \(response.status) (\(code))\(said)",
        isRetryable: true, retryAfter: after)
    default: return Failure(response, words: words, context)
    }
  }
}
