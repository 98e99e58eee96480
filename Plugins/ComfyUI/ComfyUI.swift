import KinoraPlugin

/// A ComfyUI server of one's own: a workflow with placeholders goes in, files come out.
///
/// ```
/// POST /upload/image   multipart                                 200 {"name","subfolder","type"}
/// POST /prompt         {"prompt":GRAPH,"client_id","prompt_id"}  200 {"prompt_id","node_errors"}
/// GET  /history/ID     200 {} until it is over, then {"ID":{"outputs","status"}}
/// GET  /queue          200 {"queue_running":[[n,ID,…]],"queue_pending":[[n,ID,…]]}
/// POST /queue          {"delete":[ID]}        200, takes it out of the queue
/// POST /interrupt      {"prompt_id":ID}       200, stops it when it runs
/// GET  /view           ?filename=&subfolder=&type=
/// ```
/// Source: ComfyUI 0.3.64 and 0.38 (server.py, execution.py, comfy_extras/nodes_video.py). An `Origin`
/// is never sent: one that differs from `Host` is answered 403. Progress exists only over WebSocket, so
/// none is told.
struct ComfyUI: Provider {
  static let manifest = Manifest(
    id: "com.github.comfyanonymous.comfyui", name: "ComfyUI", version: "1.0.0",
    catalog: comfyUICatalog)

  enum State: Codable {
    /// Inputs are being uploaded; the names that ComfyUI gave them so far.
    case uploading(names: [String])
    case submitting
    /// `looks` at the history so far without finding it there.
    case polling(id: String, looks: Int)
    /// The queue is being asked whether the job is still in it.
    case queue(id: String, looks: Int)
    /// It was not in the queue: it ended between the two looks, or it is lost.
    case lastLook(id: String)
    case deleting(id: String)
    case cancelQueue(id: String)
    case interrupting(id: String)
    case searchingQueue
    case searchingHistory
  }

  /// The server is near and an empty history costs it nothing.
  static let pace: UInt32 = 2000
  /// Looks at the history between two looks at the queue, which holds whole workflows.
  static let looksPerQueue = 10

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    try proceed([], job, context)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    switch state {
    case .uploading(let names):
      return try proceed(names + [try uploaded(response, context)], job, context)
    case .submitting:
      guard response.isSuccess else { throw refusal(response, context) }
      guard let id = try response.json()["prompt_id"].text, isPlain(id) else {
        throw Failure(.protocol, "ComfyUI answered without a prompt_id")
      }
      return wait(id)
    case .polling(let id, let looks):
      if let step = try finished(id, try answer(response, context), job, context) { return step }
      guard looks % Self.looksPerQueue == 1 else { return wait(id, looks: looks + 1) }
      return .send(queue(context), .queue(id: id, looks: looks + 1))
    case .queue(let id, let looks):
      let queue = try Queue(try answer(response, context))
      if queue.holds(id) { return wait(id, looks: looks) }
      return .send(history(id, context), .lastLook(id: id))
    case .lastLook(let id):
      if let step = try finished(id, try answer(response, context), job, context) { return step }
      throw Failure(
        .notFound,
        "ComfyUI does not know the job any more: it was restarted, or the job was taken out of its "
          + "queue")
    case .searchingQueue:
      // First the queue, then the history: a job goes from the one to the other and never back.
      let queue = try Queue(try answer(response, context))
      if let id = queue.find(promptID(context)) { return wait(id) }
      return .send(history(promptID(context), context), .searchingHistory)
    case .searchingHistory:
      let id = promptID(context)
      guard try answer(response, context)[id].isNull else { return wait(id) }
      throw Failure(
        .notFound, "ComfyUI has no job of this id, neither in its queue nor its history")
    case .deleting(let id): return .send(queue(context), .cancelQueue(id: id))
    case .cancelQueue(let id):
      // Older servers do not read whom to interrupt, so only a job of ours that runs is.
      guard response.isSuccess, try Queue(try response.json()).isRunning(id) else {
        return wait(id)
      }
      return .send(
        .post(context.baseURL + "/interrupt", .free, json: ["prompt_id": .string(id)]),
        .interrupting(id: id))
    case .interrupting(let id): return wait(id)
    }
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .uploading(let names): return try proceed(names, job, context)
    case .polling(let id, let looks), .queue(let id, let looks):
      return .send(history(id, context), .polling(id: id, looks: looks))
    case .lastLook(let id), .deleting(let id), .cancelQueue(let id), .interrupting(let id):
      return .send(history(id, context), .polling(id: id, looks: 1))
    case .submitting, .searchingQueue, .searchingHistory:
      throw Failure(.protocol, "there is no job to poll yet")
    }
  }

  /// Out of the queue first, then a look whether it runs already: the other way round it could slip
  /// from the queue between the two.
  func cancelled(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    switch state {
    case .polling(let id, _), .queue(let id, _), .lastLook(let id), .deleting(let id),
      .cancelQueue(let id), .interrupting(let id):
      return .send(
        .post(context.baseURL + "/queue", .free, json: ["delete": [.string(id)]]),
        .deleting(id: id))
    case .uploading, .submitting, .searchingQueue, .searchingHistory: throw .unsupported
    }
  }

  func reconciled(in state: State?, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    .send(queue(context), .searchingQueue)
  }

  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard isPlain(handle) else {
      throw Failure(.invalid, "a prompt_id of ComfyUI has no slash and is not empty")
    }
    return .wait(0, .polling(id: handle, looks: 1)).handle(handle)
  }

  private func wait(_ id: String, looks: Int = 1) -> Step<State> {
    .wait(Self.pace, .polling(id: id, looks: looks)).handle(id)
  }

  // A workflow in an answer may carry whole images as text.
  private func history(_ id: String, _ context: Context) -> Request {
    .get(context.baseURL + "/history/" + id.percentEncoded).liftingStrings()
  }

  private func queue(_ context: Context) -> Request {
    .get(context.baseURL + "/queue").liftingStrings()
  }

  private func isPlain(_ id: String) -> Bool {
    !id.isEmpty && id.utf8.count <= 128 && !id.contains("/") && id != "." && id != ".."
  }
}
