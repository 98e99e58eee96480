import KinoraPlugin

/// The OpenAI Videos API, Sora's dialect, at every host that speaks it, and the GPT image models.
///
/// ```
/// POST /videos                {"id","status","progress",…}, a form or JSON
/// POST /videos/ID/remix, /videos/edits, /videos/extensions    the same answer
/// GET  /videos/ID             queued, in_progress, completed, failed with "error"{code,message}
/// GET  /videos/ID/content     video/mp4; ?variant=thumbnail|spritesheet
/// POST /images/generations, /images/edits    {"data":[{"b64_json"}],"usage"}
/// ```
/// Source: the Python SDK 3.52.0 and the OpenAPI document it is made from; its requests were recorded.
/// There is no cancel: some hosts (vLLM-Omni) stop a job that is deleted, and a model says so with
/// `submit: {cancel: any}`. A lost submit cannot be told from another job of the same prompt, so it is
/// not looked up.
struct OpenAIVideos: Provider {
  static let manifest = Manifest(
    id: "com.openai.videos", name: "OpenAI Videos", version: "1.0.0", catalog: openAIVideosCatalog)

  enum State: Codable {
    /// The answer of a submit is due.
    case submitting
    /// The answer of an image request is due: it is the result.
    case drawing(format: String)
    case polling(id: String)
    case cancelling(id: String)
  }

  /// The guide recommends 10 to 20 s.
  static let pace: UInt32 = 10_000

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    let dialect = try Dialect(context)
    try checkOptions(job)
    if job.kind == "image" {
      let format = job.options["output_format"].string ?? "png"
      return .send(
        try drawing(job, format, dialect, context).liftingStrings(), .drawing(format: format))
    }
    _ = try variants(job)
    return .send(try submission(job, dialect, context), .submitting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    let dialect = try Dialect(context)
    switch state {
    case .cancelling(let id):
      // Whether it was in time only the job itself tells; a deleted one is not known any more.
      return .wait(Self.pace, .polling(id: id))
    case .drawing(let format): return .succeed(try images(response, job, format, context))
    case .submitting:
      guard response.isSuccess else { throw unavailable(response, context) }
      let answer = try response.json()
      return try follow(answer, try answer["id"].id(), response, job, dialect, context)
    case .polling(let id):
      let answer = try response.answer(Self.errors, context)
      _ = try JobStatus(
        answer["status"], otherwise: "the provider answered a poll without a status")
      // The id is the one of the submit, whatever a later answer calls it.
      return try follow(answer, id, response, job, dialect, context)
    }
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .polling(let id), .cancelling(let id):
      let dialect = try Dialect(context)
      return .send(
        .get(
          dialect.url("/videos/" + id.percentEncoded),
          headers: dialect.authorized + ["accept": "application/json"]), .polling(id: id))
    case .submitting, .drawing: throw Failure(.protocol, "there is no job to poll yet")
    }
  }

  func cancelled(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .polling(let id), .cancelling(let id):
      let dialect = try Dialect(context)
      return .send(
        .delete(dialect.url("/videos/" + id.percentEncoded), headers: dialect.authorized),
        .cancelling(id: id))
    case .submitting, .drawing: throw .unsupported
    }
  }

  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard job.kind != "image" else { throw .unsupported }
    guard handle.isPathSegment else { throw Failure(.invalid, "the id of a video is needed") }
    return .wait(0, .polling(id: handle)).handle(handle)
  }
}
