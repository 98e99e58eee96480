import KinoraPlugin

extension OpenRouter {
  /// Models that do not let a request choose sound: they refuse the member, whatever its value.
  private static let decidesSound: Set<String> = {
    let models = JSON(reading: Array(openRouterCatalog.utf8))?["models"].array ?? []
    return Set(models.filter { $0["audio"].string != "optional" }.compactMap { $0["id"].string })
  }()

  /// The body of a submit. Null members are left out: the API takes them for values.
  func submission(_ job: Job, isAlpha: Bool) throws(Failure) -> JSON {
    try job.refuseFramesWithReferences(": the provider drops one")
    // The alpha form had no frame_images: a first frame went in as a reference.
    if isAlpha, job.input("last_frame") != nil {
      throw Failure(.invalid, "the alpha API takes no last_frame")
    }
    let frames = try (job.inputs("first_frame") + job.inputs("last_frame")).map {
      input throws(Failure) -> JSON in
      var frame = try image(input)
      frame["frame_type"] = isAlpha ? .null : .string(input.role)
      return frame
    }
    let references = try job.inputs("reference").map(image)
    return .fields([
      "model": .string(job.model), "prompt": JSON(unlessEmpty: job.prompt),
      "duration": JSON(job.seconds), "resolution": JSON(job.resolution),
      "aspect_ratio": JSON(job.aspectRatio),
      "generate_audio": Self.decidesSound.contains(job.model) ? .null : JSON(job.audio),
      "seed": JSON(job.seed), "frame_images": JSON(unlessEmpty: isAlpha ? [] : frames),
      "input_references": JSON(unlessEmpty: isAlpha ? frames + references : references),
      "provider": job.options.isNull ? .null : ["options": job.options],
    ])
  }

  /// Data URLs and public https addresses are taken, nothing else.
  func image(_ input: Job.Input) throws(Failure) -> JSON {
    ["type": "image_url", "image_url": ["url": try input.dataURLOrAddress()]]
  }

  /// Absolute or relative in the wild; never followed to another origin.
  func pollingURL(_ given: String?, _ id: String, _ context: Context) -> String {
    given.flatMap(context.own) ?? context.baseURL + "/videos/" + id.percentEncoded
  }

  /// The files and what they cost. `usage.cost` is in US dollars and the only figure to trust.
  ///
  /// The key goes to the own origin only. A file that is named elsewhere is fetched by the job's own
  /// content address instead, which the API documents for each finished job.
  func output(_ answer: JSON, _ id: String, _ context: Context) -> Output {
    let named = [answer["unsigned_urls"], answer["urls"]].map(\.array).first { !$0.isEmpty } ?? []
    let content = context.baseURL + "/videos/" + id.percentEncoded + "/content?index="
    let urls = named.enumerated().map { at, url in
      url.string.flatMap(context.own) ?? content + String(at)
    }
    return Output(
      assets: (urls.isEmpty ? [content + "0"] : urls).map { .url($0, headers: key) },
      costMicroUSD: answer["usage"]["cost"].microUSD, handle: id)
  }

  /// `{"error":{"code","message","metadata"?}}`. `polled` is the id that a poll asked for.
  func refusal(_ response: Response, polled: String?, _ context: Context) -> Failure {
    let complaint = response.complaint
    let words = complaint.words
    switch response.status {
    case 402 where complaint.json["metadata"]["reason"].string == "in_flight_budget_exhausted":
      return Failure(
        .exhausted, "the credit is bound by jobs that are still running\(words.said)",
        isRetryable: true, retryAfter: response.retryAfter(now: context.now) ?? 30_000)
    case 404 where polled == nil && words.say(["model", "no endpoint", "data policy"]):
      return Failure(.invalid, "the provider refused the request (404)\(words.said)")
    case 404, 405, 410:
      if let polled, words.say(["job", polled.lowercased()]) {
        return Failure(response, words: words.text, context)
      }
      // Neither the model nor the job: the path itself. On a poll this is no end of the job.
      return Failure(
        .protocol,
        "contract_changed: the provider answers \(response.status) at \(context.baseURL)/videos; its "
          + "API may have moved, check base_url (…/api/v1) and the plugin's version\(words.said)")
    default: return Failure(response, Self.errors, context)
    }
  }

  private static let errors: [ErrorRule] = [
    ErrorRule(
      .refused, "content refused by moderation", status: [403],
      says: ["guardrail", "moderat", "flagged"], member: "/metadata/reasons/0")
  ]
}
