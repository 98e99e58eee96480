import KinoraPlugin

/// The provider that kinora-sim plays under `/sample/v1`; put yours in its place.
///
/// ```
/// POST /videos             {"model","prompt","tag","seconds"?,…}   201 {"id","status"}
/// GET  /videos/ID          200 {"id","status","progress"?,"video":{"url"}?,"cost_usd"?,"error"?}
/// POST /videos/ID/cancel   200
/// ```
struct @TYPE@Provider: Provider {
  static let manifest = Manifest(
    id: "org.example.@NAME@", name: "@TYPE@", version: "0.1.0", catalog: catalog)

  /// What is remembered between two steps; it is stored with the job.
  enum State: Codable {
    case submitting
    case polling(id: String)
    case cancelling(id: String)
  }

  static let pace: UInt32 = 2000

  /// The job starts: the one request that costs money.
  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    let frame = job.input("first_frame")
    // A field without a value is left out. The bytes of the frame stay with the host, which writes them
    // into the data URL as it sends.
    let body = JSON.fields([
      "model": .string(job.model), "prompt": .string(job.prompt), "tag": .string(job.tag),
      "seconds": JSON(job.seconds), "aspect_ratio": JSON(job.aspectRatio), "seed": JSON(job.seed),
      "image": try frame?.dataURLOrAddress() ?? .null,
    ])
    // With a key: headers: ["authorization": bearer("api_key")], declared in the catalog.
    return .send(.post(context.baseURL + "/videos", .paid, json: body), .submitting)
  }

  /// The answer to the request that the last step sent.
  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    if case .cancelling(let id) = state {
      // Whatever it answered, only the job itself tells whether it was in time.
      return .wait(Self.pace, .polling(id: id))
    }
    let answer = try response.answer(Self.errors, context)
    let id = try answer["id"].id()
    switch JobStatus(answer["status"]) {
    case .working:
      return .wait(Self.pace, .polling(id: id)).handle(id)
        .progress(percent: answer["progress"].double)
    case .done:
      guard let url = answer["video"]["url"].string else {
        throw Failure(.refused, "the provider calls the job done and names no file")
      }
      return .succeed(Output(.url(url), costMicroUSD: answer["cost_usd"].microUSD)).handle(id)
    case let end: throw Failure(end, Words(answer["error"]))
    }
  }

  /// What errors mean, where their status alone does not say it; one line for each of your provider's.
  static let errors: [ErrorRule] = [
    ErrorRule(.refused, "the provider's filter refused the content", codes: ["filtered"])
  ]

  /// A wait is over: the moment to poll.
  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .polling(let id), .cancelling(let id):
      return .send(.get(video(id, context)), .polling(id: id))
    case .submitting: throw Failure(.protocol, "there is no video to poll yet")
    }
  }

  /// The client cancelled. Left out where the provider cannot: the host then polls on.
  func cancelled(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard case .polling(let id) = state else { throw .unsupported }
    return .send(.post(video(id, context) + "/cancel", .free), .cancelling(id: id))
  }

  /// A person named the provider's id of a job whose submit was lost.
  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    .wait(0, .polling(id: handle)).handle(handle)
  }

  private func video(_ id: String, _ context: Context) -> String {
    context.baseURL + "/videos/" + id.percentEncoded
  }
}
