import KinoraPlugin

extension Google {
  /// A daily quota does not come back within minutes.
  private static let dayQuotaWait: UInt32 = 3_600_000

  /// Both error forms: `{"error":{"code","message","status","details"}}`, bare or in an array; `code`
  /// is a number from the front end and a word from Interactions.
  func refusal(_ response: Response, _ context: Context) -> Failure {
    var body = response.jsonOrNull
    if case .array = body { body = body[0] }
    let error = body["error"]
    let words = Failure.cleaned(error["message"].string ?? "")
    let lower = words.lowercased()
    func says(_ parts: String...) -> Bool { parts.contains { lower.contains($0) } }
    switch response.status {
    case 400 where error["details"].array.contains { $0["reason"].string == "API_KEY_INVALID" },
      400 where says("api key not valid", "api key expired"):
      return Failure(.unauthenticated, "the provider refused the credential: \(words)")
    // Interactions answer 400, not 404, for an id that they do not know.
    case 400 where says("invalid interaction name"):
      return Failure(.notFound, "the provider does not know it (400): \(words)")
    case 400 where says("safety", "prohibited", "responsible ai", "usage guidelines"):
      return Failure(.refused, "content refused: \(words)")
    case 404 where says("no longer available"):
      return Failure(.invalid, "the model was shut down by its provider: \(words)")
    case 402, 429:
      return exhausted(error, words, Failure(response, words: words, context))
    default: return Failure(response, words: words, context)
    }
  }

  /// An empty purse is told with 402 or 429 and does not mend itself. When to come back stands in the
  /// body, as a protobuf Duration: `{"@type":"…google.rpc.RetryInfo","retryDelay":"56.2s"}`.
  private func exhausted(_ error: JSON, _ words: String, _ usual: Failure) -> Failure {
    if words.contains("prepayment") || words.contains("credits are depleted") {
      return Failure(.exhausted, "the provider's account has no credit left: \(words)")
    }
    var failure = usual
    var isDaily = false
    for detail in error["details"].array {
      if let delay = detail["retryDelay"].string, delay.hasSuffix("s"),
        let seconds = Double(delay.dropLast()), seconds.isFinite
      {
        failure.retryAfter = UInt32(min(max(seconds, 0), 86_400) * 1000)
      }
      let quotas = detail["violations"].array.compactMap { $0["quotaId"].string }
      isDaily = isDaily || quotas.contains { $0.contains("PerDay") }
    }
    if isDaily { failure.retryAfter = max(failure.retryAfter, Self.dayQuotaWait) }
    return failure
  }
}
