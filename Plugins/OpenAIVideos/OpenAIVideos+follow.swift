import KinoraPlugin

/// What a job's object says.
extension OpenAIVideos {
  func follow(
    _ answer: JSON, _ id: String, _ response: Response, _ job: Job, _ dialect: Dialect
  ) throws(Failure) -> Step<State> {
    switch answer["status"].string?.lowercased() {
    case "completed", "succeeded", "success", "done":
      return .succeed(try output(answer, id, job, dialect)).handle(id)
    case "failed", "failure", "error": throw Self.failed(answer["error"])
    case "cancelled", "canceled": throw Failure(.refused, "the provider cancelled the job")
    case "expired": throw Failure(.refused, "the job expired at the provider")
    default:
      // queued, in_progress; compatible hosts have more words, and an unknown one is no end.
      let percent = answer["progress"].double
      return .wait(Self.wait(response), .polling(id: id)).handle(id)
        .progress(permille: percent.map { Int(min(max($0, 0), 100) * 10) })
    }
  }

  /// The server may say when to come back, as the official client obeys it.
  private static func wait(_ response: Response) -> UInt32 {
    guard let text = response.headers["openai-poll-after-ms"], let wish = UInt32(text) else {
      return pace
    }
    return min(max(wish, 1000), 60_000)
  }

  /// `error` is `{"code","message"}`, at some hosts a word.
  private static func failed(_ error: JSON) -> Failure {
    let words = Failure.cleaned(error["message"].string ?? error.string ?? "")
    let code = error["code"].string ?? ""
    if isModeration(code, words) {
      return Failure(.refused, "content refused: \(words.isEmpty ? code : words)")
    }
    return Failure(
      .refused, words.isEmpty ? "the provider failed the job without a reason" : words)
  }

  static func isModeration(_ code: String, _ words: String) -> Bool {
    let text = (code + " " + words).lowercased()
    return ["moderation", "content_policy", "content policy", "safety system", "guardrail"]
      .contains { text.contains($0) }
  }

  /// The clip, then the variants that were asked for. The key goes to the own origin only.
  private func output(_ answer: JSON, _ id: String, _ job: Job, _ dialect: Dialect)
    throws(Failure) -> Output
  {
    let content = "/videos/" + id.percentEncoded + "/content"
    // As the official client asks for it.
    let headers = dialect.authorized + ["accept": "application/binary"]
    var assets: [Asset] = []
    if let field = dialect.contentField {
      guard let url = answer[field].string, url.hasPrefix("https://") || own(url, dialect) else {
        throw Failure(.refused, "the job is done and its \(field) names no file")
      }
      assets.append(own(url, dialect) ? .url(url, headers: headers) : .url(url))
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

  private func own(_ url: String, _ dialect: Dialect) -> Bool {
    // Scheme, nothing, authority.
    let origin = dialect.baseURL.split(
      separator: "/", maxSplits: 3, omittingEmptySubsequences: false
    ).prefix(3).joined(separator: "/")
    return url.hasPrefix(origin + "/")
  }

  /// `{"error":{"message","type","param","code"}}`; `code` is a number at some hosts.
  func refusal(_ response: Response, isPoll: Bool, _ context: Context) -> Failure {
    let error = response.jsonOrNull["error"]
    let words = Failure.cleaned(error["message"].string ?? error.string ?? "")
    let code = error["code"].text ?? error["type"].string ?? ""
    switch response.status {
    case 400, 403, 422:
      if Self.isModeration(code, words) {
        return Failure(.refused, "content refused: \(words.isEmpty ? code : words)")
      }
      if code == "billing_hard_limit_reached" { return noCredit(words) }
      if code == "model_not_found" { return unknownModel(response, words) }
      return Failure(response, words: words, context)
    case 429 where code == "insufficient_quota" || code == "billing_hard_limit_reached":
      return noCredit(words)
    case 404 where !isPoll: return unknownModel(response, words)
    default: return Failure(response, words: words, context)
    }
  }

  /// A refused submit. Who has no access is told so in the words that TanStack AI's documentation gives
  /// programs to look for.
  func unavailable(_ response: Response, _ context: Context) -> Failure {
    var failure = refusal(response, isPoll: false, context)
    if [403, 404].contains(response.status), [.unauthenticated, .invalid].contains(failure.code) {
      failure.message = "Video generation API is not available: " + failure.message
    }
    return failure
  }

  private func noCredit(_ words: String) -> Failure {
    Failure(.exhausted, "the provider's account has no credit left: \(words)")
  }

  /// Neither the model nor the route is there: the same request will never work.
  private func unknownModel(_ response: Response, _ words: String) -> Failure {
    Failure(
      .invalid,
      "the provider refused the request (\(response.status))" + (words.isEmpty ? "" : ": \(words)"))
  }
}
