import KinoraPlugin

/// The provider that `kinora-sim` plays: no key, no money, and every habit of the real ones.
///
/// ```
/// POST /videos             {"model","prompt","tag","seconds"?,"size"?,…}  201 {"id","status"}
/// POST /videos:sync        the same                                     200 {"video":{"b64"}}
/// GET  /videos/ID          200 {"id","status","progress"?,"video":{"url"}?,"cost_usd"?,"error"?}
/// GET  /videos?tag=TAG     200 {"data":[…]}
/// POST /videos/ID/cancel   200
/// POST /uploads            raw bytes                                    201 {"id"}
/// POST /images             {"model","prompt","tag","size"?,…}           200 {"image":{"url"}}
/// ```
/// An image is a `data:` URL or `upload:ID`. An error is `{"error":{"code","message"}}`.
struct Sample: Provider {
  static let manifest = Manifest(
    id: "dev.kinora.sample", name: "Sample", version: "1.0.0", catalog: sampleCatalog)

  enum State: Codable {
    case uploading
    case submitting
    case polling(id: String)
    case cancelling(id: String)
    case lookingUp
  }

  /// The simulator renders in seconds, so it is asked often.
  static let pace: UInt32 = 2000

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    if job.model == "clip-upload" {
      guard let frame = job.input("first_frame"), frame.ref != nil else {
        throw Failure(.invalid, "clip-upload needs a first frame whose bytes are given")
      }
      return .send(
        .post(context.baseURL + "/uploads", .free, body: .input(frame)), .uploading)
    }
    return submit(job, context, firstFrame: job.input("first_frame").map(image))
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    if case .cancelling(let id) = state {
      // Whatever it answered, only the job itself tells whether it was in time.
      return .wait(Self.pace, .polling(id: id))
    }
    let answer = try response.answer(context)
    switch state {
    case .uploading:
      let id = try answer["id"].id(otherwise: "the upload was answered without an id")
      return submit(job, context, firstFrame: .string("upload:\(id)"))
    case .submitting where job.kind == "image":
      guard let url = answer["image"]["url"].string else {
        throw Failure(.protocol, "the image was answered without a url")
      }
      return .succeed(Output(.url(url), costMicroUSD: answer["cost_usd"].microUSD))
    case .submitting where job.model == "clip-sync":
      // A clip that the filter took, or that failed, is told as a poll would tell it.
      guard let clip = response.asset(at: "/video/b64", in: answer, mime: "video/mp4") else {
        return try follow(answer)
      }
      return .succeed(Output(clip, costMicroUSD: answer["cost_usd"].microUSD))
    case .lookingUp:
      guard case .array(let found) = answer["data"] else {
        throw Failure(.protocol, "the list of videos was answered without data")
      }
      guard let video = found.first else {
        throw Failure(.notFound, "the provider has no video with this job's tag")
      }
      let id = try video["id"].id()
      return .wait(Self.pace, .polling(id: id)).handle(id)
    default: return try follow(answer)
    }
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .polling(let id), .cancelling(let id):
      return .send(.get(video(id, context)), .polling(id: id))
    default: throw Failure(.protocol, "there is no video to poll yet")
    }
  }

  func cancelled(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .polling(let id), .cancelling(let id):
      return .send(.post(video(id, context) + "/cancel", .free), .cancelling(id: id))
    default: throw .unsupported
    }
  }

  func reconciled(in state: State?, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard job.model == "clip-tagged" else { throw .unsupported }
    return .send(
      .get(context.baseURL + "/videos?tag=" + job.tag.percentEncoded), .lookingUp)
  }

  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    .wait(0, .polling(id: handle)).handle(handle)
  }

  private func video(_ id: String, _ context: Context) -> String {
    context.baseURL + "/videos/" + id.percentEncoded
  }
}
