import KinoraPlugin

extension OpenRouter {
  /// Models that do not let a request choose sound: they refuse the member, whatever its value.
  private static let decidesSound: Set<String> = {
    let models = JSON(reading: Array(openRouterCatalog.utf8))?["models"].array ?? []
    return Set(models.filter { $0["audio"].string != "optional" }.compactMap { $0["id"].string })
  }()

  /// The body of a submit. Null members are left out: the API takes them for values.
  func submission(_ job: Job, isAlpha: Bool) throws(Failure) -> JSON {
    var body: JSON = ["model": .string(job.model)]
    body["prompt"] = job.prompt.isEmpty ? .null : .string(job.prompt)
    body["duration"] = JSON(job.seconds)
    body["resolution"] = JSON(job.resolution)
    body["aspect_ratio"] = JSON(job.aspectRatio)
    if !Self.decidesSound.contains(job.model) { body["generate_audio"] = JSON(job.audio) }
    body["seed"] = JSON(job.seed)
    let first = try job.input("first_frame").map(image)
    let last = try job.input("last_frame").map(image)
    let references = try job.inputs("reference").map(image)
    guard references.isEmpty || (first == nil && last == nil) else {
      throw Failure(.invalid, "frames and references exclude each other: the provider drops one")
    }
    if isAlpha {
      // The alpha form had no frame_images: a first frame went in as a reference.
      guard last == nil else { throw Failure(.invalid, "the alpha API takes no last_frame") }
      body["input_references"] = list((first.map { [$0] } ?? []) + references)
    } else {
      body["frame_images"] = list(frame(first, "first_frame") + frame(last, "last_frame"))
      body["input_references"] = list(references)
    }
    if !job.options.isNull { body["provider"] = ["options": job.options] }
    return body
  }

  private func list(_ items: [JSON]) -> JSON { items.isEmpty ? .null : .array(items) }

  private func frame(_ image: JSON?, _ type: String) -> [JSON] {
    guard var frame = image else { return [] }
    frame["frame_type"] = .string(type)
    return [frame]
  }

  /// Data URLs and public https addresses are taken, nothing else.
  func image(_ input: Job.Input) throws(Failure) -> JSON {
    guard input.ref == nil else {
      return ["type": "image_url", "image_url": ["url": .dataURL(input)]]
    }
    guard let uri = input.uri, uri.hasPrefix("https://") else {
      throw Failure(.invalid, "\(input.role) must be given as bytes or as an https address")
    }
    return ["type": "image_url", "image_url": ["url": .string(uri)]]
  }

  /// Absolute or relative in the wild; never followed to another origin.
  func pollingURL(_ given: String?, _ id: String, _ context: Context) -> String {
    let usual = context.baseURL + "/videos/" + id.percentEncoded
    return given.flatMap { own($0, context) } ?? usual
  }

  /// An address on the provider's own origin, made absolute; nil for any other and for what is no
  /// address.
  private func own(_ url: String, _ context: Context) -> String? {
    guard url.utf8.count <= 2048,
      url.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c })
    else { return nil }
    // Scheme, nothing, authority.
    let origin = context.baseURL.split(
      separator: "/", maxSplits: 3, omittingEmptySubsequences: false
    ).prefix(3).joined(separator: "/")
    if url.hasPrefix("/"), !url.hasPrefix("//") { return origin + url }
    return url.hasPrefix(origin + "/") ? url : nil
  }

  /// The files and what they cost. `usage.cost` is in US dollars and the only figure to trust.
  ///
  /// The key goes to the own origin only. A file that is named elsewhere is fetched by the job's own
  /// content address instead, which the API documents for each finished job.
  func output(_ answer: JSON, _ id: String, _ context: Context) -> Output {
    let named = [answer["unsigned_urls"], answer["urls"]].map(\.array).first { !$0.isEmpty } ?? []
    let content = context.baseURL + "/videos/" + id.percentEncoded + "/content?index="
    let urls =
      named.isEmpty
      ? [content + "0"]
      : named.enumerated().map { at, url in
        url.string.flatMap { own($0, context) } ?? content + String(at)
      }
    return Output(
      assets: urls.map { .url($0, headers: key) }, costMicroUSD: answer["usage"]["cost"].microUSD,
      handle: id)
  }

  /// `{"error":{"code","message","metadata"?}}`. `polled` is the id that a poll asked for.
  func refusal(_ response: Response, polled: String?, _ context: Context) -> Failure {
    let error = response.jsonOrNull["error"]
    let words = Failure.cleaned(error["message"].string ?? error.string ?? "")
    let lower = words.lowercased()
    func says(_ parts: String...) -> Bool { parts.contains { lower.contains($0) } }
    switch response.status {
    case 402 where error["metadata"]["reason"].string == "in_flight_budget_exhausted":
      return Failure(
        .exhausted, "the credit is bound by jobs that are still running: \(words)",
        isRetryable: true, retryAfter: response.retryAfter(now: context.now) ?? 30_000)
    case 403
    where !error["metadata"]["reasons"].array.isEmpty || says("guardrail", "moderat", "flagged"):
      return Failure(.refused, "content refused by moderation: \(words)")
    case 404 where polled == nil && says("model", "no endpoint", "data policy"):
      return Failure(.invalid, "the provider refused the request (404): \(words)")
    case 404, 405, 410:
      if let polled, says("job", polled.lowercased()) {
        return Failure(response, words: words, context)
      }
      // Neither the model nor the job: the path itself. On a poll this is no end of the job.
      return Failure(
        .protocol,
        "contract_changed: the provider answers \(response.status) at \(context.baseURL)/videos; its "
          + "API may have moved, check base_url (…/api/v1) and the plugin's version"
          + (words.isEmpty ? "" : ": \(words)"))
    default: return Failure(response, words: words, context)
    }
  }
}
