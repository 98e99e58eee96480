import KinoraHTTP
import KinoraModel

/// KlingAI's two interfaces on one host: `/v1/videos/…` with the model in the body, and `/tasks` with
/// the model in the path.
///
/// Facts: klingai.com/document-api (authentication, concurrency rules, video 2.6 text-to-video, 3.0
/// Turbo image-to-video, error codes) and copies of the older pages. The texts of errors are not
/// documented, their codes are.
struct Kling: Provider {
  let name = "kling"
  let world: World

  func route(_ call: Call) -> Route {
    let path = call.path
    // Files lie at a content network and want no key.
    if call.method == "GET", path.count == 2, path[0] == "files" { return file(path[1]) }
    let isTasks = path.first == "tasks" || path.first?.hasSuffix("-to-video") == true
    if let refusal = KlingToken.check(call, isTasks: isTasks, now: now() / 1000) {
      return .plain(refusal)
    }
    switch (call.method, path.count, path.first ?? "") {
    case ("POST", 2, "text-to-video"), ("POST", 2, "image-to-video"):
      return submitTask(path[1], isText: path[0] == "text-to-video", call)
    case ("GET", 1, "tasks"): return tasks(call)
    case ("POST", 1, "tasks"): return list(call)
    case ("POST", 3, "v1") where KlingWish.kinds.contains(path[2]): return submit(path[2], call)
    case ("GET", 3, "v1") where KlingWish.kinds.contains(path[2]): return page(path[2], call)
    case ("GET", 4, "v1") where KlingWish.kinds.contains(path[2]): return poll(path, call)
    case ("GET", 2, "account") where path[1] == "costs":
      return .plain(
        KlingError.fine(["code": 0, "msg": "success", "resource_pack_subscribe_infos": []]))
    default: return .plain(failure(.notFound(call.target)))
    }
  }

  func failure(_ failure: Failure) -> HTTPResponse { KlingError.general(failure) }

  /// A job by its own id or by the client's.
  func find(_ id: String, kind: String?) -> Job? {
    let job = world.jobs[id] ?? world.jobs.tagged(id, provider: name).first
    guard let job, job.provider == name, kind == nil || job.kind == kind else { return nil }
    return job
  }

  private func poll(_ path: [String], _ call: Call) -> Route {
    guard let job = find(path[3], kind: path[2]) else {
      return .plain(failure(.notFound(path[3])), .poll)
    }
    return .about(job, .poll) { twist in
      KlingError.fine(view(world.jobs[job.id] ?? job, call, twist))
    }
  }

  private func page(_ kind: String, _ call: Call) -> Route {
    Route(phase: .other) { _ in
      let all = world.jobs.all.filter { $0.provider == name && $0.kind == kind }.reversed()
      let size = max(1, min(500, Int(call.query["pageSize"] ?? "") ?? 30))
      let skip = (max(1, Int(call.query["pageNum"] ?? "") ?? 1) - 1) * size
      return KlingError.fine(.array(all.dropFirst(skip).prefix(size).map { view($0, call, nil) }))
    }
  }

  private func file(_ name: String) -> Route {
    let id = name.split(separator: ".").first.map(String.init) ?? ""
    guard let job = world.jobs[id], job.provider == self.name else {
      return .plain(KlingError.gone, .fetch)
    }
    return .about(job, .fetch) { _ in
      guard world.stage(job) == .succeeded, let asset = await world.asset(job) else {
        return KlingError.gone
      }
      return .asset(asset, type: "video/mp4", etag: job.id)
    }
  }

  func url(_ job: Job, _ call: Call) -> String {
    "\(call.origin)/kling/files/\(job.id).mp4?x-kcdn-pid=112452"
  }

  /// What the tasks interface calls the same states otherwise.
  func word(_ job: Job, _ twist: Fault?, done: String) -> (word: String, reason: String) {
    if twist == .unknownStatus { return ("polishing", "") }
    switch world.stage(job) {
    case .queued: return ("submitted", "")
    case .running: return ("processing", "")
    case .succeeded: return (done, "")
    case .filtered: return ("failed", "Failure to pass the risk control system")
    case .failed(_, let message): return ("failed", message)
    case .cancelled: return ("failed", "The task was cancelled")
    case .expired: return ("failed", "The task took too long")
    }
  }

  /// One unit costs $0.14.
  static func units(_ job: Job) -> String {
    MicroUSD((job.cost.rawValue * 100 / 14)).decimal
  }
}
