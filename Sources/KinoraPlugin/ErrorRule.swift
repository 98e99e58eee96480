/// One line of a plugin's table of what its provider's errors mean, where status alone does not tell.
///
/// ```swift
/// static let errors: [ErrorRule] = [
///   ErrorRule(.exhausted, "the provider's account has no credit left", codes: ["1113", "1309"]),
///   ErrorRule(.refused, "content refused", status: [400, 422], says: ["safety", "policy"]),
/// ]
/// // …
/// let answer = try response.answer(Self.errors, context)
/// ```
public struct ErrorRule: Sendable {
  private let failure: Failure
  private let statuses: Set<Int>
  private let codes: Set<String>
  private let parts: [String]
  private let member: String?
  private let quotes: Bool

  /// An error of one of these statuses (any, when none is given) means `code` if it has one of the
  /// `codes`, if its codes or words contain one of the texts of `says`, written in small letters, or if it
  /// has the `member` at that JSON pointer; with none of these three the status is enough.
  ///
  /// In `message` `{code}` stands for the error's first code, `{status}` for the status; the provider's
  /// words come behind it unless `quotes` is false. `wait` makes it retryable after so many milliseconds, or later where the
  /// provider says so.
  public init(
    _ code: Failure.Code, _ message: String, status: Set<Int> = [], codes: Set<String> = [],
    says parts: [String] = [], member: String? = nil, wait: UInt32? = nil,
    quotes: Bool = true
  ) {
    failure = Failure(code, message, isRetryable: wait != nil, retryAfter: wait ?? 0)
    statuses = status
    self.codes = codes
    self.parts = parts
    self.member = member
    self.quotes = quotes
  }

  func isMet(by complaint: Complaint, _ status: Int) -> Bool {
    guard statuses.isEmpty || statuses.contains(status) else { return false }
    guard !codes.isEmpty || !parts.isEmpty || member != nil else { return true }
    if let member, !complaint.json.at(member).isNull { return true }
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
    if quotes { made.message += complaint.words.said }
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

extension Response {
  /// The JSON of a 2xx answer; throws what any other means, by the table and then by its status.
  public func answer(_ rules: [ErrorRule], _ context: Context) throws(Failure) -> JSON {
    guard isSuccess else { throw Failure(self, rules, context) }
    return try json()
  }

  /// The same for a provider whose statuses say enough.
  public func answer(_ context: Context) throws(Failure) -> JSON { try answer([], context) }
}
