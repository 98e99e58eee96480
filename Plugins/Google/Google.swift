import KinoraPlugin

/// Google's Gemini API: Omni through the Interactions API, Veo through `predictLongRunning`, images
/// through `generateContent`.
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
    // An image comes back in the answer itself, and a short clip may, against what was asked.
    let request =
      job.kind == "image"
      ? try generateContent(job, context)
      : isVeo(job) ? try predictLongRunning(job, context) : try interaction(job, context)
    return .send(request.liftingStrings(), .submitting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    // Whatever a cancel was answered, only the interaction itself tells whether it was in time.
    if case .cancelling(let id) = state { return .wait(Self.pace, .interaction(id: id)) }
    let answer = try response.answer(Self.errors, context)
    switch state {
    case .operation(let name): return try followOperation(answer, response, name, context)
    case .interaction(let id), .cancelling(let id):
      return try followInteraction(answer, response, id, context)
    case .submitting where job.kind == "image": return try images(answer, response)
    case .submitting where isVeo(job):
      guard let name = answer["name"].string, Self.isOperation(name) else {
        throw Failure(.protocol, "the provider answered without a proper operation name")
      }
      return try followOperation(answer, response, name, context)
    case .submitting:
      guard let id = answer["id"].string, id.isPathSegment else {
        throw Failure(.protocol, "the provider answered without an id")
      }
      // It has an id, so it was taken, whatever else is missing.
      guard answer["status"].string != nil else {
        return .wait(Self.pace, .interaction(id: id)).handle(id)
      }
      return try followInteraction(answer, response, id, context)
    }
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
    guard job.kind != "image" else {
      throw Failure(.invalid, "an image came with its answer or not at all: it has no id")
    }
    guard isVeo(job) else {
      guard handle.isPathSegment else {
        throw Failure(.invalid, "an interaction's id has no slash and is not empty")
      }
      return .wait(0, .interaction(id: handle)).handle(handle)
    }
    guard Self.isOperation(handle) else {
      throw Failure(.invalid, "a Veo operation is named models/MODEL/operations/ID")
    }
    return .wait(0, .operation(name: handle)).handle(handle)
  }

  var key: Headers { ["x-goog-api-key": credential("api_key")] }

  private func isVeo(_ job: Job) -> Bool { job.model.hasPrefix("veo") }

  /// The base URL with an API version, which it may carry already.
  func root(_ context: Context) -> String {
    let base = context.baseURL
    let versions = ["/v1", "/v1beta", "/v1beta1", "/v1alpha"]
    return versions.contains { base.hasSuffix($0) } ? base : base + "/v1beta"
  }

  /// A finished file: an https address or a `files/ID`. The key goes to the own origin only. Nil for
  /// what cannot be fetched, such as `gs://`.
  func file(_ uri: String, _ context: Context) -> Asset? {
    if uri.hasPrefix("files/"),
      let id = uri.dropFirst(6).split(separator: ":").first.map(String.init),
      id.isPathSegment
    {
      return .url("\(root(context))/files/\(id.percentEncoded):download?alt=media", headers: key)
    }
    if context.own(uri) == uri { return .url(uri, headers: key) }
    return context.isFetchable(uri) ? .url(uri) : nil
  }

  /// Both error forms: `{"error":{"code","message","status","details"}}`, bare or in an array; `code`
  /// is a number from the front end and a word from Interactions.
  static let errors: [ErrorRule] =
    [
      ErrorRule(
        .unauthenticated, "the provider refused the credential", status: [400],
        codes: ["API_KEY_INVALID"], says: ["api key not valid", "api key expired"]),
      // Interactions answer 400, not 404, for an id that they do not know.
      ErrorRule(
        .notFound, "the provider does not know it (400)", status: [400],
        says: ["invalid interaction name"]),
    ] + ErrorRule.google
}
