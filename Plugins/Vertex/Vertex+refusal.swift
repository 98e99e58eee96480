import KinoraPlugin

extension Vertex {
  /// `{"error":{"code","message","status","details"}}`, bare or in an array (google.rpc.Status).
  func refusal(_ response: Response, _ context: Context) -> Failure {
    var body = response.jsonOrNull
    if case .array = body { body = body[0] }
    let error = body["error"]
    let words = Failure.cleaned(error["message"].string ?? "")
    let lower = words.lowercased()
    let reasons = error["details"].array.compactMap { $0["reason"].string }
    func says(_ parts: String...) -> Bool { parts.contains { lower.contains($0) } }
    switch response.status {
    case 400 where says("safety", "prohibited", "responsible ai", "usage guidelines"):
      return Failure(.refused, "content refused: \(words)")
    case 403 where reasons.contains("BILLING_DISABLED") || says("requires billing"):
      return Failure(.exhausted, "the provider's account has no billing: \(words)")
    case 403 where reasons.contains("ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
      return Failure(
        .unauthenticated,
        "the login has not the scope cloud-platform: use a service account, or log in with it")
    case 404 where says("no longer available", "retired"):
      return Failure(.invalid, "the model was shut down by its provider: \(words)")
    case 404 where says("publisher model"):
      return Failure(.invalid, "the project or the location has no such model: \(words)")
    case 429 where says("prepayment", "credits are depleted"):
      return Failure(.exhausted, "the provider's account has no credit left: \(words)")
    case 429:
      var failure = Failure(response, words: words, context)
      // `{"@type":"…google.rpc.RetryInfo","retryDelay":"56.2s"}`
      for detail in error["details"].array {
        guard let delay = detail["retryDelay"].string, delay.hasSuffix("s"),
          let seconds = Double(delay.dropLast()), seconds.isFinite
        else { continue }
        failure.retryAfter = UInt32(min(max(seconds, 0), 86_400) * 1000)
      }
      return failure
    default: return Failure(response, words: words, context)
    }
  }
}
