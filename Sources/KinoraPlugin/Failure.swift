/// The job cannot go on, or this verb cannot be served.
public struct Failure: Error, Sendable, Equatable {
  /// Why; the numbers are the header's.
  public enum Code: UInt32, Sendable {
    /// Not a failure of the job: the plugin does not serve this kind of event.
    case unsupported = 0
    /// The provider will never take this request as it is.
    case invalid
    /// The provider did not accept the credential.
    case unauthenticated
    /// The provider refused or filtered the content, or failed the job for good.
    case refused
    /// No credit, no quota, too many requests.
    case exhausted
    /// The provider does not know the job. In a reconcile: proven absent.
    case notFound
    /// The provider does not work now.
    case unavailable
    /// The provider's answer is not what its contract says.
    case `protocol`
  }
  /// Why.
  public var code: Code
  /// Shown to the caller: no secrets, no upstream HTML.
  public var message: String
  /// True when the same request may work later.
  public var isRetryable: Bool
  /// What the provider asked to wait, in milliseconds; 0 for nothing.
  public var retryAfter: UInt32

  /// A failure.
  public init(_ code: Code, _ message: String, isRetryable: Bool = false, retryAfter: UInt32 = 0) {
    self.code = code
    self.message = message
    self.isRetryable = isRetryable
    self.retryAfter = retryAfter
  }

  /// The verb is not served.
  public static let unsupported = Failure(.unsupported, "")

  /// What an answer's status means at nearly every provider; `words` are the provider's own, if the
  /// body had some, and are cleaned here.
  ///
  /// 402 and a spent balance do not mend themselves, so only 429 of this family is retryable. While a
  /// lost submit is looked up, a 404 is no proof that the job is absent (the path may have moved): only
  /// the provider's own list is, and the plugin must say so itself.
  public init(_ response: Response, words: String?, _ context: Context) {
    let said = words.map(Failure.cleaned).flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
    let status = response.status
    switch status {
    case 401, 403: self.init(.unauthenticated, "the provider refused the credential\(said)")
    case 402: self.init(.exhausted, "the provider's account has no credit left\(said)")
    case 404, 410:
      self =
        context.phase == .reconcile
        ? Failure(.unavailable, "the provider answered the lookup with \(status)\(said)")
        : Failure(.notFound, "the provider does not know it (\(status))\(said)")
    case 429:
      self.init(
        .exhausted, "the provider has no room for more requests\(said)", isRetryable: true,
        retryAfter: response.retryAfter(now: context.now) ?? 0)
    case 408, 500...599:
      self.init(
        .unavailable, "the provider answered \(status)\(said)", isRetryable: true,
        retryAfter: response.retryAfter(now: context.now) ?? 0)
    case 400...499: self.init(.invalid, "the provider refused the request (\(status))\(said)")
    default: self.init(.protocol, "the provider answered \(status)\(said)")
    }
  }

  /// A provider's words as a person may see them: one line, no control characters, no HTML, at most 300
  /// characters. Text that looks like HTML becomes empty.
  public static func cleaned(_ words: String) -> String {
    let start = words.prefix(200).lowercased()
    if start.contains("<html") || start.contains("<!doctype") { return "" }
    var text = ""
    var count = 0
    for character in words {
      guard count < 300 else { return text + "…" }
      let isControl = character.unicodeScalars.contains {
        $0.value < 0x20 || (0x7f...0x9f).contains($0.value)
      }
      if isControl {
        if !text.isEmpty, !text.hasSuffix(" ") { text += " " }
      } else {
        text.append(character)
      }
      count += 1
    }
    return text
  }
}
