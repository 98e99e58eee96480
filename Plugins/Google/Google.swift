import KinoraPlugin

/// Google's Gemini API: Omni through the Interactions API, Veo through `predictLongRunning`.
///
/// Omni is how the Gemini API makes video since the Veo previews left it on 2026-10-22; the Veo form
/// stays for hosts that speak it. Which one a job takes follows from its model's name.
/// Source: google-genai 2.34.0 (Veo) and 3.4.0 (Interactions), read and recorded.
struct Google: Provider {
  static let manifest = Manifest(
    id: "com.google.generativelanguage", name: "Google", version: "1.0.0", catalog: googleCatalog)

  enum State: Codable {
    case submitting
    /// An interaction of Omni.
    case interaction(id: String)
    case cancelling(id: String)
    /// An operation of Veo, `models/M/operations/ID`.
    case operation(name: String)
  }

  /// The documentation recommends 10 s for both.
  static let pace: UInt32 = 10_000

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    .send(
      job.model.hasPrefix("veo") ? predictLongRunning(job, context) : interaction(job, context),
      .submitting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    if case .cancelling(let id) = state { return .wait(Self.pace, .interaction(id: id)) }
    guard response.isSuccess else { throw refusal(response, context) }
    let answer = try response.json()
    return job.model.hasPrefix("veo")
      ? try followOperation(answer, response, context)
      : try followInteraction(answer, response, context)
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .interaction(let id), .cancelling(let id):
      return .send(
        .get(root(context) + "/interactions/" + id.percentEncoded, headers: key).liftingStrings(),
        .interaction(id: id))
    case .operation(let name):
      return .send(
        .get(root(context) + "/" + name, headers: key).liftingStrings(), .operation(name: name))
    case .submitting: throw Failure(.protocol, "there is no job to poll yet")
    }
  }

  /// Only a background interaction can be cancelled; a Veo operation cannot.
  func cancelled(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .interaction(let id), .cancelling(let id):
      return .send(
        .post(
          root(context) + "/interactions/" + id.percentEncoded + "/cancel", .free, headers: key),
        .cancelling(id: id))
    case .submitting, .operation: throw .unsupported
    }
  }

  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard job.model.hasPrefix("veo") else {
      return .wait(0, .interaction(id: handle)).handle(handle)
    }
    guard Self.isOperation(handle) else {
      throw Failure(.invalid, "a Veo operation is named models/MODEL/operations/ID")
    }
    return .wait(0, .operation(name: handle)).handle(handle)
  }

  var key: Headers { ["x-goog-api-key": credential("api_key")] }

  /// The base URL with an API version, which it may carry already.
  func root(_ context: Context) -> String {
    let base = context.baseURL
    return ["/v1", "/v1beta", "/v1alpha"].contains { base.hasSuffix($0) } ? base : base + "/v1beta"
  }

  /// Both error forms: `{"error":{"code","message","status","details"}}`, bare or in an array.
  func refusal(_ response: Response, _ context: Context) -> Failure {
    var body = response.jsonOrNull
    if case .array = body { body = body[0] }
    let error = body["error"]
    let words = Failure.cleaned(error["message"].string ?? "")
    let reasons = error["details"].array.compactMap { $0["reason"].string }
    if response.status == 400, reasons.contains("API_KEY_INVALID") {
      return Failure(.unauthenticated, "the provider refused the credential: \(words)")
    }
    if response.status == 404, words.contains("no longer available") {
      return Failure(.invalid, words)
    }
    var failure = Failure(response, words: words, context)
    if response.status == 429 {
      if words.contains("prepayment") || words.contains("credits are depleted") {
        return Failure(.exhausted, words)
      }
      for detail in error["details"].array {
        guard let delay = detail["retryDelay"].string, delay.hasSuffix("s"),
          let seconds = Double(delay.dropLast())
        else { continue }
        failure.retryAfter = UInt32(min(max(seconds, 0), 86_400) * 1000)
      }
    }
    return failure
  }
}
