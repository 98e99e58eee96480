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
    let place = try Place(context)
    var body: JSON = ["instances": [try instance(job)]]
    body["parameters"] = try parameters(job, context)
    let url = place.url(context, model: job.model, method: "predictLongRunning")
    return .send(
      .post(url, .paid, headers: headers(context), json: body).liftingStrings(), .submitting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    guard response.isSuccess else { throw refusal(response, context) }
    let answer = try response.json()
    switch state {
    case .operation(let name): return try follow(answer, response, name, context)
    case .submitting:
      guard let name = answer["name"].string, Place(operation: name) != nil else {
        throw Failure(.protocol, "the provider answered without a proper operation name")
      }
      return try follow(answer, response, name, context)
    }
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard case .operation(let name) = state, let place = Place(operation: name) else {
      throw Failure(.protocol, "there is no job to poll yet")
    }
    // By the operation's own place: the configured one may be another by now.
    let url = place.url(context, model: place.model, method: "fetchPredictOperation")
    let request = Request.post(
      url, .free, headers: headers(context), json: ["operationName": .string(name)])
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

  func headers(_ context: Context) -> Headers {
    var headers: Headers = ["authorization": bearer("token")]
    if let project = context.config["quota_project"].string {
      headers.add("x-goog-user-project", project)
    }
    return headers
  }

  /// `{"name","done"?,"response"?|"error"?}`; without `done` it is still at work.
  private func follow(
    _ answer: JSON, _ response: Response, _ name: String, _ context: Context
  ) throws(Failure) -> Step<State> {
    guard case .object = answer else {
      throw Failure(.protocol, "the provider answered without an operation")
    }
    guard answer["done"].bool == true else {
      return .wait(Self.pace, .operation(name: name)).handle(name)
    }
    let error = answer["error"]
    if !error.isNull {
      let words = Failure.cleaned(error["message"].string ?? "")
      throw Failure(.refused, words.isEmpty ? "the operation failed without a reason" : words)
    }
    return .succeed(try result(answer, response, context)).handle(name)
  }
}
