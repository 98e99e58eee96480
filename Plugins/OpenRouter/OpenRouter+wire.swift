import KinoraPlugin

extension OpenRouter {
  /// The body of a submit. Null members are left out: the API takes them for values.
  func submission(_ job: Job, isAlpha: Bool) -> JSON {
    var body: JSON = ["model": .string(job.model), "prompt": .string(job.prompt)]
    body["duration"] = JSON(job.seconds)
    body["resolution"] = JSON(job.resolution)
    body["aspect_ratio"] = JSON(job.aspectRatio)
    body["generate_audio"] = JSON(job.audio)
    body["seed"] = JSON(job.seed)
    var frames: [JSON] = []
    for role in ["first_frame", "last_frame"] {
      guard let input = job.input(role) else { continue }
      frames.append(
        [
          "type": "image_url", "image_url": ["url": image(input)], "frame_type": .string(role),
        ])
    }
    let references = job.inputs("reference").map { input -> JSON in
      ["type": "image_url", "image_url": ["url": image(input)]]
    }
    if isAlpha {
      // The alpha form had no frame_images: a first frame went in as a reference.
      let all = frames.map { frame -> JSON in
        ["type": "image_url", "image_url": frame["image_url"]]
      }
      body["input_references"] = list(all + references)
    } else {
      body["frame_images"] = list(frames)
      body["input_references"] = list(references)
    }
    if !job.options.isNull { body["provider"] = ["options": job.options] }
    return body
  }

  private func list(_ items: [JSON]) -> JSON { items.isEmpty ? .null : .array(items) }

  /// Data URLs and public https addresses are both taken for images.
  private func image(_ input: Job.Input) -> JSON {
    input.ref == nil ? JSON(input.uri) : .dataURL(input)
  }

  /// Absolute or relative in the wild; never followed to another origin.
  func pollingURL(_ given: String?, _ id: String, _ context: Context) -> String {
    let usual = context.baseURL + "/videos/" + id.percentEncoded
    guard let given else { return usual }
    let origin = Self.origin(context.baseURL)
    if given.hasPrefix(origin + "/") { return given }
    if given.hasPrefix("/"), !given.hasPrefix("//") { return origin + given }
    return usual
  }

  /// Scheme and authority of an absolute URL.
  static func origin(_ url: String) -> String {
    guard let start = url.range(of: "://") else { return url }
    let rest = url[start.upperBound...]
    return String(url[..<start.upperBound] + rest.prefix { $0 != "/" })
  }

  /// The files and what they cost. `usage.cost` is in US dollars and the only figure to trust.
  func output(_ answer: JSON, _ id: String, _ context: Context) -> Output {
    let signed = answer["urls"].array.compactMap(\.string)
    let plain = answer["unsigned_urls"].array.compactMap(\.string)
    let origin = Self.origin(context.baseURL)
    let named = (plain.isEmpty ? signed : plain).map { url in
      url.hasPrefix("/") && !url.hasPrefix("//") ? origin + url : url
    }
    let urls =
      named.isEmpty
      ? [context.baseURL + "/videos/" + id.percentEncoded + "/content?index=0"] : named
    let assets = urls.map { url -> Asset in
      url.hasPrefix(origin + "/")
        ? .url(url, headers: ["authorization": bearer("api_key")]) : .url(url)
    }
    return Output(assets: assets, costMicroUSD: answer["usage"]["cost"].microUSD, handle: id)
  }

  /// `{"error":{"code","message","metadata"?}}`
  func refusal(_ response: Response, _ context: Context) -> Failure {
    let error = response.jsonOrNull["error"]
    let words = Failure.cleaned(error["message"].string ?? "")
    let metadata = error["metadata"]
    if response.status == 402, metadata["reason"].string == "in_flight_budget_exhausted" {
      // Credit is bound by jobs that are still running; it comes back when they settle.
      return Failure(
        .exhausted, words, isRetryable: true,
        retryAfter: response.retryAfter(now: context.now) ?? 30_000)
    }
    if response.status == 403, !metadata["reasons"].array.isEmpty {
      return Failure(.refused, "content refused by moderation: \(words)")
    }
    return Failure(response, words: words, context)
  }
}

extension String {
  fileprivate func range(of text: String) -> Range<String.Index>? {
    var at = startIndex
    while at < endIndex {
      if self[at...].hasPrefix(text) { return at..<index(at, offsetBy: text.count) }
      at = index(after: at)
    }
    return nil
  }
}
