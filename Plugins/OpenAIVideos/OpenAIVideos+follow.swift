import KinoraPlugin

/// What a job's object says.
extension OpenAIVideos {
  func follow(
    _ answer: JSON, _ id: String, _ response: Response, _ job: Job, _ dialect: Dialect,
    _ context: Context
  ) throws(Failure) -> Step<State> {
    switch JobStatus(answer["status"]) {
    case .done: return .succeed(try output(answer, id, job, dialect, context)).handle(id)
    case .working:
      // queued, in_progress; compatible hosts have more words, and an unknown one is no end.
      return .wait(Self.wait(response), .polling(id: id)).handle(id)
        .progress(percent: answer["progress"].double)
    case let end:
      // `error` is `{"code","message"}`, at some hosts a word.
      let words = Words(answer["error"])
      let code = answer["error"]["code"].string ?? ""
      guard !Words(code).say(Self.moderation) else {
        throw Failure(.refused, "content refused: \(words.or(code))")
      }
      throw Failure(end, words, filter: Self.moderation)
    }
  }

  /// The server may say when to come back, as the official client obeys it.
  private static func wait(_ response: Response) -> UInt32 {
    guard let text = response.headers["openai-poll-after-ms"], let wish = UInt32(text) else {
      return pace
    }
    return min(max(wish, 1000), 60_000)
  }

  /// The clip, then the variants that were asked for. The key goes to the own origin only.
  private func output(
    _ answer: JSON, _ id: String, _ job: Job, _ dialect: Dialect, _ context: Context
  ) throws(Failure) -> Output {
    let content = "/videos/" + id.percentEncoded + "/content"
    // As the official client asks for it.
    let headers = dialect.authorized + ["accept": "application/binary"]
    var assets: [Asset] = []
    if let field = dialect.contentField {
      let url = answer[field].string ?? ""
      let isOwn = url.hasPrefix(context.origin + "/")
      guard isOwn || url.hasPrefix("https://") else {
        throw Failure(.refused, "the job is done and its \(field) names no file")
      }
      assets.append(.url(url, headers: isOwn ? headers : [:]))
    } else {
      assets.append(.url(dialect.url(content), headers: headers))
    }
    for variant in try variants(job) {
      assets.append(
        .url(
          dialect.url(content, "variant=" + variant), headers: headers,
          mime: variant == "thumbnail" ? "image/webp" : "image/jpeg"))
    }
    return Output(assets: assets, handle: id)
  }

  private static let moderation = [
    "moderation", "content_policy", "content policy", "safety system", "guardrail",
  ]

  /// `{"error":{"message","type","param","code"}}`; `code` is a number at some hosts.
  static let errors: [ErrorRule] = [
    ErrorRule(.refused, "content refused", status: [400, 403, 422], says: moderation),
    ErrorRule(
      .exhausted, "the provider's account has no credit left", status: [400, 403, 422, 429],
      codes: ["billing_hard_limit_reached"]),
    ErrorRule(
      .exhausted, "the provider's account has no credit left", status: [429],
      codes: ["insufficient_quota"]),
    ErrorRule(
      .invalid, "the provider refused the request ({status})", status: [400, 403, 422],
      codes: ["model_not_found"]),
  ]
  /// Neither the model nor the route is there: the same request will never work.
  static let submitErrors =
    errors + [ErrorRule(.invalid, "the provider refused the request ({status})", status: [404])]

  /// A refused submit. Who has no access is told so in the words that TanStack AI's documentation gives
  /// programs to look for.
  func unavailable(_ response: Response, _ context: Context) -> Failure {
    var failure = Failure(response, Self.submitErrors, context)
    if [403, 404].contains(response.status), [.unauthenticated, .invalid].contains(failure.code) {
      failure.message = "Video generation API is not available: " + failure.message
    }
    return failure
  }
}
