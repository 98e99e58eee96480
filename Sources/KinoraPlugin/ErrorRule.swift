/// One line of a plugin's table of what its provider's errors mean, where status alone does not tell.
///
/// ```swift
/// static let errors: [ErrorRule] = [
///   ErrorRule(.exhausted, "the provider's account has no credit left", codes: ["1113", "1309"]),
///   ErrorRule(.refused, "content refused", status: [400, 422], says: ["safety", "policy"]),
/// ]
/// // …
/// guard response.isSuccess else { throw Failure(response, Self.errors, context) }
/// ```
public struct ErrorRule: Sendable {
  private let failure: Failure
  private let statuses: Set<Int>
  private let codes: Set<String>
  private let parts: [String]

  /// An error of one of these statuses (any, when none is given) means `code` if it has one of the
  /// `codes`, or if its codes or words contain one of the texts of `says`, written in small letters; with
  /// neither the status is enough.
  ///
  /// In `message` `{code}` stands for the error's first code, `{status}` for the status; the provider's
  /// words come behind it. `wait` makes it retryable after so many milliseconds, or later where the
  /// provider says so.
  public init(
    _ code: Failure.Code, _ message: String, status: Set<Int> = [], codes: Set<String> = [],
    says parts: [String] = [], wait: UInt32? = nil
  ) {
    failure = Failure(code, message, isRetryable: wait != nil, retryAfter: wait ?? 0)
    statuses = status
    self.codes = codes
    self.parts = parts
  }

  func isMet(by complaint: Complaint, _ status: Int) -> Bool {
    guard statuses.isEmpty || statuses.contains(status) else { return false }
    guard !codes.isEmpty || !parts.isEmpty else { return true }
    return complaint.codes.contains { code in
      let lower = code.lowercased()
      return codes.contains(code) || parts.contains { lower.contains($0) }
    } || complaint.words.say(parts)
  }

  func failure(_ response: Response, _ complaint: Complaint, _ context: Context) -> Failure {
    var made = failure
    for (name, value) in [
      ("{code}", complaint.codes.first ?? ""), ("{status}", String(response.status)),
    ] {
      made.message = made.message.split(separator: name, omittingEmptySubsequences: false)
        .joined(separator: value)
    }
    made.message += complaint.words.said
    if made.isRetryable {
      made.retryAfter = max(made.retryAfter, response.retryAfter(now: context.now) ?? 0)
    }
    return made
  }
}

extension Failure {
  /// What an error answer means: the first rule that it meets, else what its status means at nearly
  /// every provider.
  public init(_ response: Response, _ rules: [ErrorRule], _ context: Context) {
    let complaint = response.complaint
    self =
      rules.first { $0.isMet(by: complaint, response.status) }
      .map { $0.failure(response, complaint, context) }
      ?? Failure(response, words: complaint.words.text, context)
  }
}
