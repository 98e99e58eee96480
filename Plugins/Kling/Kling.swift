import KinoraPlugin

/// KlingAI's own API, in both of its generations.
///
/// ```
/// POST /v1/videos/text2video …   {"code":0,"data":{"task_id","task_status"}}    the older one
/// GET  /v1/videos/text2video/ID  {"code":0,"data":{"task_status","task_result"?}}
/// POST /text-to-video/MODEL …    {"code":0,"data":{"id","status"}}              the newer one
/// GET  /tasks?task_ids=ID        {"code":0,"data":[{"status","outputs"?}]}
/// ```
/// Source: klingai.com/document-api (authentication, concurrency rules, text-to-video 2.6,
/// image-to-video 3.0 Turbo) and copies of its Chinese pages for the older API. There is no official
/// client, no progress figure and no cancel.
///
/// Each task is made under an `external_task_id`, which is unique in an account: the job's tag, the
/// same for every attempt. So a lost submit is looked up by it, and a second purchase of one job is
/// refused by Kling itself.
struct Kling: Provider {
  static let manifest = Manifest(
    id: "com.klingai", name: "Kling", version: "1.0.0", catalog: klingCatalog)

  enum State: Codable {
    case submitting(api: Generation)
    case lookingUp(api: Generation)
    case polling(id: String, api: Generation)
  }

  /// Polls are free and without a rate limit; clips take minutes.
  static let pace: UInt32 = 5000

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    try check(job)
    let generation = try Generation(of: job, context)
    let request =
      switch generation {
      case .legacy: try legacySubmission(job, context)
      case .tasks: try taskSubmission(job, context)
      }
    return .send(request, .submitting(api: generation))
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    let answer = response.jsonOrNull
    let isFine = response.isSuccess && (answer["code"].isNull || answer["code"].int == 0)
    switch state {
    case .submitting(let generation):
      // The tag is taken: an earlier send arrived after all, and is found by it.
      if !isFine, Self.saysTaken(answer) {
        return .send(lookup(job, generation, context), .lookingUp(api: generation))
      }
      guard isFine else { throw refusal(response, Self.submitErrors, context) }
      let data = try response.json()["data"]
      guard let id = (data["task_id"].text ?? data["id"].text), Self.isPlain(id) else {
        throw Failure(.protocol, "the provider answered without a task id")
      }
      return .wait(Self.pace, .polling(id: id, api: generation)).handle(id)
    case .lookingUp(let generation):
      guard isFine else { throw refusal(response, Self.pollErrors, context) }
      return try found(try response.json()["data"], job, generation)
    case .polling(let id, let generation):
      guard isFine else { throw refusal(response, Self.pollErrors, context) }
      return try follow(try response.json()["data"], id, generation, context)
    }
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .submitting: throw Failure(.protocol, "there is no task to poll yet")
    case .lookingUp(let generation): return .send(lookup(job, generation, context), state)
    case .polling(let id, let generation):
      let url =
        switch generation {
        case .legacy: context.baseURL + legacyPath(job) + "/" + id.percentEncoded
        case .tasks: context.baseURL + "/tasks?task_ids=" + id.percentEncoded
        }
      return .send(.get(url, headers: authorized(generation)), state)
    }
  }

  func reconciled(in state: State?, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    let generation: Generation =
      switch state {
      case .submitting(let known), .lookingUp(let known), .polling(_, let known): known
      case nil: try Generation(of: job, context)
      }
    return .send(lookup(job, generation, context), .lookingUp(api: generation))
  }

  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard Self.isPlain(handle) else { throw Failure(.invalid, "the id of a task is needed") }
    return .wait(0, .polling(id: handle, api: try Generation(of: job, context))).handle(handle)
  }

  /// Asks for the task that was made under the job's tag; both generations answer for it.
  private func lookup(_ job: Job, _ generation: Generation, _ context: Context) -> Request {
    let url =
      switch generation {
      case .legacy: context.baseURL + legacyPath(job) + "/" + job.tag.percentEncoded
      case .tasks: context.baseURL + "/tasks?external_task_ids=" + job.tag.percentEncoded
      }
    return .get(url, headers: authorized(generation))
  }

  private func found(_ data: JSON, _ job: Job, _ generation: Generation) throws(Failure)
    -> Step<State>
  {
    if case .array(let list) = data, list.isEmpty {
      throw Failure(.notFound, "the provider has no task under the tag of this job")
    }
    let task = data.array.first ?? data
    let tag = task["task_info"]["external_task_id"].string ?? task["external_id"].string
    guard tag == nil || tag == job.tag, let id = (task["task_id"].text ?? task["id"].text),
      Self.isPlain(id)
    else { throw Failure(.protocol, "the provider answered the lookup with another task") }
    return .wait(0, .polling(id: id, api: generation)).handle(id)
  }

  /// One path segment that stays where it is put.
  static func isPlain(_ id: String) -> Bool {
    !id.isEmpty && id != "." && id != ".." && id.utf8.count <= 256
  }

  /// The wording is not documented; what matters is that the tag is named.
  private static func saysTaken(_ answer: JSON) -> Bool {
    let words = (answer["message"].string ?? "").lowercased()
    return words.contains("external_task_id")
      && ["exist", "duplicate", "repeat", "unique", "already"].contains { words.contains($0) }
  }
}
