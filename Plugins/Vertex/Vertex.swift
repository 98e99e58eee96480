import KinoraPlugin

/// Veo on Vertex AI: `predictLongRunning`, then `fetchPredictOperation`, which is a POST that costs
/// nothing and whose last answer carries the clip.
///
/// Source: google-genai 3.4.0 with `vertexai=True`, read and recorded; the parameters of
/// cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation.
struct Vertex: Provider {
  static let manifest = Manifest(
    id: "com.google.vertexai", name: "Vertex AI", version: "1.0.0", catalog: vertexCatalog)

  enum State: Codable {
    case submitting
    /// `projects/P/locations/L/publishers/google/models/M/operations/ID`.
    case operation(name: String)
  }

  /// The documentation polls every 10 to 15 s.
  static let pace: UInt32 = 10_000

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    let url = try Place(of: job.model, context).url(context, "predictLongRunning")
    let body: JSON = ["instances": [try instance(job)], "parameters": try parameters(job, context)]
    return .send(
      .post(url, .paid, headers: headers(context), json: body).liftingStrings(), .submitting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    let answer = try response.answer(Self.errors, context)
    var name = answer["name"].string ?? ""
    if case .operation(let known) = state { name = known }
    guard Place(operation: name) != nil else {
      throw Failure(.protocol, "the provider answered without a proper operation name")
    }
    guard try answer.isFinishedOperation() else {
      return .wait(Self.pace, .operation(name: name)).handle(name)
    }
    return .succeed(try output(answer, response, context)).handle(name)
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard case .operation(let name) = state, let place = Place(operation: name) else {
      throw Failure(.protocol, "there is no job to poll yet")
    }
    // By the operation's own place: the configured one may be another by now.
    let request = Request.post(
      place.url(context, "fetchPredictOperation"), .free, headers: headers(context),
      json: ["operationName": .string(name)])
    return .send(request.liftingStrings(), state)
  }

  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard Place(operation: handle) != nil else {
      throw Failure(
        .invalid,
        "an operation is named projects/P/locations/L/publishers/google/models/M/operations/ID")
    }
    return .wait(0, .operation(name: handle)).handle(handle)
  }

  private func headers(_ context: Context) -> Headers {
    [
      "authorization": bearer("token"),
      "x-goog-user-project": context.config["quota_project"].string,
    ]
  }
}
