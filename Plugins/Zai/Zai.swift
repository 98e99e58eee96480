import KinoraPlugin

/// Z.ai's asynchronous video API, at `api.z.ai` and, the same, at `open.bigmodel.cn`.
///
/// ```
/// POST /videos/generations    200 {"id","request_id","model","task_status":"PROCESSING"}
/// GET  /async-result/ID       200 {"task_status":PROCESSING|SUCCESS|FAIL,"video_result"?[{"url"}]}
/// ```
/// Source: docs.z.ai and docs.bigmodel.cn (API reference, error codes) and the Python SDK zai-sdk 0.2.3,
/// whose requests were recorded. There is no progress figure, no cancel and no lookup of a lost submit;
/// files are fetched without a key.
struct Zai: Provider {
  static let manifest = Manifest(
    id: "ai.z", name: "Z.ai", version: "1.0.0", catalog: zaiCatalog)

  enum State: Codable {
    case submitting
    case polling(id: String)
  }

  static let pace: UInt32 = 10_000
  /// Characters of a prompt.
  private static let promptLength = 512

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard job.prompt.unicodeScalars.count <= Self.promptLength else {
      throw Failure(
        .invalid,
        "prompt has \(job.prompt.unicodeScalars.count) characters, \(job.model) takes "
          + "\(Self.promptLength)")
    }
    let request = Request.post(
      context.baseURL + "/videos/generations", .paid, headers: headers,
      json: try submission(job, context))
    return .send(request, .submitting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    guard response.isSuccess else { throw Failure(response, Self.errors, context) }
    let answer = try response.json()
    guard case .polling(let id) = state else {
      // An error may come with 200 (third-party reports).
      guard answer["error"].isNull || answer["id"].text != nil else {
        throw Failure(response, Self.errors, context)
      }
      return try follow(answer, try answer["id"].id(), context)
    }
    guard answer["task_status"].string != nil else {
      throw Failure(.protocol, "the provider answered a poll without a task_status")
    }
    return try follow(answer, id, context)
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard case .polling(let id) = state else {
      throw Failure(.protocol, "there is no job to poll yet")
    }
    return .send(
      .get(context.baseURL + "/async-result/" + id.percentEncoded, headers: headers), state)
  }

  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard handle.isPathSegment else { throw Failure(.invalid, "the id of a task is needed") }
    return .wait(0, .polling(id: handle)).handle(handle)
  }

  /// Messages are in Chinese unless English is asked for.
  private var headers: Headers {
    [
      "authorization": bearer("api_key"), "accept-language": "en-US,en",
      "accept": "application/json",
    ]
  }

  private func follow(_ answer: JSON, _ id: String, _ context: Context) throws(Failure)
    -> Step<State>
  {
    switch JobStatus(answer["task_status"]) {
    case .done:
      let urls = answer["video_result"].array.compactMap { $0["url"].string }
      guard !urls.isEmpty, urls.allSatisfy(context.isFetchable) else {
        throw Failure(
          .refused,
          filtered(answer) ?? "the provider ended the task as done and named no video to fetch")
      }
      return .succeed(Output(assets: urls.map { .url($0) }, handle: id)).handle(id)
    case .working: return .wait(Self.pace, .polling(id: id)).handle(id)
    case let end:
      let words = Words(answer["error"])
      guard answer["error"]["code"].text != "1301" else {
        throw Failure(.refused, "content refused: \(words.text)")
      }
      throw filtered(answer).map { Failure(.refused, $0) } ?? Failure(end, words, job: "task")
    }
  }

  /// `content_filter`: `[{"role","level"}]`, level 0 the worst of four.
  private func filtered(_ answer: JSON) -> String? {
    let hit = answer["content_filter"].array.first { ($0["level"].int ?? 3) <= 1 }
    return hit.map { "content refused: the filter took the \($0["role"].string ?? "content")" }
  }
}
