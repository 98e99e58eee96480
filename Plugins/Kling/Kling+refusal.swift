import KinoraPlugin

extension Kling {
  /// `{"code","message","request_id"}`. The code decides, not the status: 429 is a rate limit, an empty
  /// account or a wrong address, and relays deliver codes with 200.
  /// Source: klingai.com/document-api, table of error codes.
  func refusal(_ response: Response, isPoll: Bool, _ context: Context) -> Failure {
    let body = response.jsonOrNull
    let words = Failure.cleaned(body["message"].string ?? "")
    let said = words.isEmpty ? "" : ": \(words)"
    guard let code = body["code"].int ?? body["code"].string.flatMap({ Int($0) }), code != 0 else {
      return Failure(response, words: words, context)
    }
    switch code {
    case 1000...1002:
      return Failure(.unauthenticated, "the provider refused the credential (\(code))\(said)")
    case 1003, 1004:
      return Failure(
        .unauthenticated,
        "the provider refused the token as \(code == 1003 ? "not yet valid" : "expired") (\(code)); "
          + "is the clock of this host right?\(said)")
    case 1100, 1101, 1102:
      let why = [
        1100: "has a problem", 1101: "is in arrears", 1102: "has no units left or they expired",
      ]
      return Failure(
        .exhausted, "the provider's account \(why[code] ?? "is empty") (\(code))\(said)")
    case 1103:
      return Failure(.unauthenticated, "the account may not use this (\(code))\(said)")
    case 1200, 1201, 1202:
      return Failure(.invalid, "the provider refused the request (\(code))\(said)")
    // For a lookup this is the proof: the tag was never taken. A send after it that came too late
    // would meet its own tag.
    case 1203 where isPoll:
      return Failure(.notFound, "the provider does not know the task (\(code))\(said)")
    case 1203:
      return Failure(.invalid, "the provider does not have this model or resource (\(code))\(said)")
    case 1300, 1301: return Failure(.refused, "content refused (\(code))\(said)")
    case 1302, 1303:
      return Failure(
        .exhausted, "the provider has no room for more requests (\(code))\(said)",
        isRetryable: true, retryAfter: response.retryAfter(now: context.now) ?? 0)
    case 1304:
      return Failure(.unauthenticated, "this host's address is not allowed (\(code))\(said)")
    case 5000...5999:
      return Failure(
        .unavailable, "the provider has an inner error (\(code))\(said)", isRetryable: true,
        retryAfter: response.retryAfter(now: context.now) ?? 0)
    default:
      // Nothing is known of it, so with 200 it proves nothing.
      return response.isSuccess
        ? Failure(.protocol, "the provider answered with the code \(code)\(said)")
        : Failure(response, words: words, context)
    }
  }
}
