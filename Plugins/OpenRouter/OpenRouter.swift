import KinoraPlugin

/// OpenRouter's asynchronous video API; pictures are made by chat.
///
/// ```
/// POST /videos                      202 {"id","polling_url","status"}
/// GET  polling_url                  200 {"id","status","unsigned_urls"?,"usage"?{"cost"},"error"?}
/// GET  /videos/ID/content?index=0   200 video/mp4, with the key
/// ```
/// Source: OpenRouter's OpenAPI document and its Python SDK 1.3.84; answers as recorded in October
/// 2026. There is no progress figure, no cancel and no lookup of a lost submit. The alpha form
/// (`/api/alpha/videos`, spring 2026) is spoken when `base_url` ends in `/api/alpha`; that it is still
/// routed is unverified.
struct OpenRouter: Provider {
  static let manifest = Manifest(
    id: "ai.openrouter", name: "OpenRouter", version: "1.0.0", catalog: openRouterCatalog)

  enum State: Codable {
    case submitting
    /// `since` is when the provider took the job, milliseconds since 1970; 0 for an adopted one.
    case polling(id: String, url: String, since: Int64)
  }

  /// The documentation recommends 30 s and allows 10.
  static let pace: UInt32 = 15_000
  /// A fresh job may be unknown to the poll for some seconds (third-party reports).
  static let settling: Int64 = 120_000

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    if job.kind == "image" { return .send(try picture(job, context), .submitting) }
    let request = Request.post(
      context.baseURL + "/videos", .paid, headers: key + json,
      json: try submission(job, isAlpha: context.baseURL.hasSuffix("/alpha")))
    return .send(request, .submitting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    guard case .polling(let id, let url, let since) = state else {
      return job.kind == "image"
        ? try pictured(response, context) : try accepted(response, context)
    }
    if response.status == 404, context.now - since < Self.settling {
      return .wait(Self.pace, state)
    }
    guard response.isSuccess else { throw refusal(response, polled: id, context) }
    let answer = try response.json()
    _ = try JobStatus(
      answer["status"], otherwise: "the provider answered a poll without a status")
    // The id is the one of the submit, whatever a later answer calls it.
    let next = pollingURL(answer["polling_url"].string, id, context)
    return try follow(
      answer, .polling(id: id, url: answer["polling_url"].isNull ? url : next, since: since), id,
      context)
  }

  private func accepted(_ response: Response, _ context: Context) throws(Failure) -> Step<State> {
    guard response.isSuccess else { throw refusal(response, polled: nil, context) }
    let answer = try response.json()
    guard let id = answer["id"].text, isPlain(id) else {
      throw Failure(.protocol, "the provider answered without an id")
    }
    let url = pollingURL(answer["polling_url"].string, id, context)
    return try follow(answer, .polling(id: id, url: url, since: context.now), id, context)
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard case .polling(_, let url, _) = state else {
      throw Failure(.protocol, "there is no job to poll yet")
    }
    return .send(.get(url, headers: key + json), state)
  }

  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard isPlain(handle) else {
      throw Failure(.invalid, "the id of a video generation is needed")
    }
    let url = pollingURL(nil, handle, context)
    return .wait(0, .polling(id: handle, url: url, since: 0)).handle(handle)
  }

  var key: Headers { ["authorization": bearer("api_key")] }

  /// Said as the official client says it; the web site is behind the same addresses.
  var json: Headers { ["accept": "application/json"] }

  /// Ids are opaque, but one that would change a path is none.
  private func isPlain(_ id: String) -> Bool { !id.isEmpty && id != "." && id != ".." }

  private func follow(_ answer: JSON, _ state: State, _ id: String, _ context: Context)
    throws(Failure) -> Step<State>
  {
    switch JobStatus(answer["status"]) {
    case .done: return .succeed(output(answer, id, context)).handle(id)
    // pending, in_progress; an open enumeration: a new word is no end.
    case .working: return .wait(Self.pace, state).handle(id)
    case let end: throw Failure(end, Words(answer["error"]))
    }
  }
}
