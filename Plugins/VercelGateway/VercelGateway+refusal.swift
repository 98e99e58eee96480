import KinoraPlugin

extension VercelGateway {
  /// `{"error":{"message","type"?,"param"?,"code"?},"generationId"?}`; the status wins over the type.
  /// Source: vercel/ai, `create-gateway-error.ts`.
  func refusal(_ response: Response, isPoll: Bool, _ context: Context) -> Failure {
    let error = response.jsonOrNull["error"]
    let words = Failure.cleaned(error["message"].string ?? error.string ?? "")
    let type = error["type"].string ?? error["code"].string ?? ""
    let said = words.isEmpty ? "" : ": \(words)"
    let lower = (type + " " + words).lowercased()
    func says(_ parts: String...) -> Bool { parts.contains { lower.contains($0) } }
    if [402, 403, 429].contains(response.status),
      says("insufficient", "credit", "balance", "top up", "spend limit", "budget")
    {
      return Failure(.exhausted, "the gateway's account has no credit left\(said)")
    }
    switch response.status {
    case 403 where !error["param"]["ruleId"].isNull:
      return Failure(.refused, "a rule of the gateway's team forbids this\(said)")
    case 400 where Self.isFilter(words), 422 where Self.isFilter(words):
      return Failure(.refused, "content refused\(said)")
    case 404 where !isPoll:
      return Failure(.invalid, "the gateway does not have this model\(said)")
    case 413:
      return Failure(.invalid, "the request is longer than the gateway's 300 KiB\(said)")
    case 424:
      // The maker behind it failed; whether it was billed is not said.
      return Failure(
        .unavailable, "the model's maker did not answer (424)\(said)", isRetryable: true)
    default: return Failure(response, words: words, context)
    }
  }
}
