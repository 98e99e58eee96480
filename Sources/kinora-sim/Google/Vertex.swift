import KinoraHTTP
import KinoraModel

/// Veo on Vertex AI: submit and `fetchPredictOperation`, which is a POST and carries the bytes; the
/// token endpoint beside it, and the bucket that results may go to.
///
/// Facts: PyPI `google-genai` 3.4.0 in Vertex mode.
struct Vertex: Provider {
  let name = "vertex"
  let world: World

  func route(_ call: Call) -> Route {
    if call.path == ["token"], call.method == "POST" { return token(call) }
    if let token = call.bearer, world.accounts.lacksScope(token) {
      return .plain(GoogleError.noScope)
    }
    guard let token = call.bearer, world.accounts.accepts(token, now: now()) else {
      return .plain(GoogleError.badToken)
    }
    if call.method == "GET" { return read(call) }
    // v1/projects/P/locations/L/publishers/google/models/MODEL:METHOD
    let path = call.path
    guard call.method == "POST", path.count == 9, ["v1", "v1beta1"].contains(path[0]),
      path[1] == "projects", path[3] == "locations", path[7] == "models",
      let colon = path[8].lastIndex(of: ":")
    else { return .plain(failure(.notFound(call.target))) }
    let model = String(path[8][..<colon])
    let parent = path[1...7].joined(separator: "/")
    switch path[8][path[8].index(after: colon)...] {
    case "predictLongRunning": return submit(model, "\(parent)/\(Marker.stripped(model))", call)
    case "fetchPredictOperation": return poll(call)
    default: return .plain(failure(.notFound(call.target)))
    }
  }

  private func submit(_ text: String, _ parent: String, _ call: Call) -> Route {
    let json = call.json
    let prompt = json?["instances"]?[0]?["prompt"]?.string ?? ""
    let subject = Route.Subject(prompt: prompt, model: text, identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      let id = Marker.stripped(text)
      guard let model = VeoModel.vertex.first(where: { $0.id == id }) else {
        return GoogleError.response(
          404, "NOT_FOUND", "Publisher Model `\(parent)` was not found.")
      }
      do throws(VeoWish.Refusal) {
        let wish = try VeoWish(json, model, isVertex: true)
        var job = Job(
          id: newID(), provider: name, kind: "operation", model: id, prompt: prompt,
          created: now(), shape: wish.shape, cost: wish.cost)
        job.details = [
          "parent": .string(parent), "samples": JSON(wish.samples),
          "bucket": json?["parameters"]?["storageUri"] ?? .null,
        ]
        let made = await world.create(job, route: subject).job
        return .json(200, ["name": .string("\(parent)/operations/\(made.id)")])
      } catch {
        return error.response
      }
    }
  }

  /// `GET /storage/BUCKET/…/JOB/sample_N.mp4`, as Cloud Storage serves `gs://`, and a model's page.
  private func read(_ call: Call) -> Route {
    let path = call.path
    if path.count == 5, path[1...3] == ["publishers", "google", "models"],
      let model = VeoModel.vertex.first(where: { $0.id == path[4] })
    {
      return .plain(.json(200, ["name": .string("publishers/google/models/\(model.id)")]))
    }
    guard path.count >= 4, path[0] == "storage", let job = world.jobs[path[path.count - 2]],
      let bucket = job.details["bucket"]?.string,
      ("gs://" + path[1..<(path.count - 2)].joined(separator: "/")) == bucket
    else { return .plain(GoogleError.response(404, "NOT_FOUND", "No such object."), .fetch) }
    return .about(job, .fetch) { _ in
      let job = world.jobs[job.id] ?? job
      guard world.stage(job) == .succeeded, let asset = await world.asset(job) else {
        return GoogleError.response(404, "NOT_FOUND", "No such object.")
      }
      return .asset(asset, type: job.shape.mime, etag: job.id)
    }
  }

  private func newID() -> String {
    let hex = SHA256.hash(Array(world.dice.alphanumeric(20).utf8)).hexadecimal
    var parts: [Substring] = []
    var rest = hex[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
  }

  private func poll(_ call: Call) -> Route {
    let operation = call.json?["operationName"]?.string ?? ""
    let id = operation.split(separator: "/").last.map(String.init) ?? ""
    guard let job = world.jobs[id], job.provider == name else {
      return .plain(failure(.notFound(operation)), .poll)
    }
    return .about(job, .poll) { twist in
      let job = world.jobs[id] ?? job
      let stage = twist == .unknownStatus ? .queued : world.stage(job)
      let view = VeoOperation(job, stage, operation)
      if twist == .unknownStatus { return .json(200, view.json.setting("metadata", view.odd)) }
      guard stage == .succeeded else { return .json(200, view.vertex(videos: [])) }
      return .json(200, view.vertex(videos: await videos(job)))
    }
  }

  private func videos(_ job: Job) async -> [JSON] {
    let count = Int(job.details["samples"]?.integer ?? 1)
    if let bucket = job.details["bucket"]?.string {
      return (0..<count).map { at in
        ["gcsUri": .string("\(bucket)/\(job.id)/sample_\(at).mp4"), "mimeType": "video/mp4"]
      }
    }
    guard let bytes = await world.bytes(job) else { return [] }
    let text = JSON.string(Base64.encode(bytes))
    return (0..<count).map { _ in ["bytesBase64Encoded": text, "mimeType": "video/mp4"] }
  }

  func failure(_ failure: Failure) -> HTTPResponse { GoogleError.general(failure) }
}
