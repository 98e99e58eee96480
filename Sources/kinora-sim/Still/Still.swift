import KinoraHTTP
import KinoraModel

/// The smallest provider there can be, for the example plugin in C: one POST, one picture.
struct Still: Provider {
  let name = "still"
  let world: World

  func route(_ call: Call) -> Route {
    switch (call.method, call.path.count) {
    case ("POST", 2) where call.path == ["v1", "images"]: return submit(call)
    case ("GET", 3) where call.path[1] == "images":
      guard let job = world.jobs[call.path[2]], job.provider == name else {
        return .plain(failure(.notFound(call.path[2])), .fetch)
      }
      return .about(job, .fetch) { _ in
        guard let asset = await world.asset(job) else { return failure(.status(500)) }
        return .asset(asset, type: job.shape.mime, etag: job.id)
      }
    default: return .plain(failure(.notFound(call.target)))
    }
  }

  private func submit(_ call: Call) -> Route {
    let prompt = call.json?["prompt"]?.string ?? ""
    let subject = Route.Subject(prompt: prompt, model: "still-1", identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      guard !prompt.isEmpty else { return Self.problem(422, "prompt is missing") }
      var job = Job(
        id: "st_\(world.dice.alphanumeric(16))", provider: name, kind: "image", model: "still-1",
        prompt: prompt, created: now(),
        shape: Shape(container: .png, width: 1024, height: 1024), cost: MicroUSD(10_000))
      job.render = 0
      let made = await world.create(job, route: subject).job
      guard await world.end(of: made) == .succeeded else {
        return Self.problem(422, "the picture could not be made")
      }
      let url = "\(call.origin)/still/v1/images/\(made.id)"
      return .json(200, ["image": ["url": .string(url)], "cost_usd": .string(made.cost.decimal)])
    }
  }

  func failure(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(let status): return Self.problem(status, "status \(status)")
    case .rateLimited(let seconds):
      let response = Self.problem(429, "too many requests")
      return seconds.map { response.with("Retry-After", String($0)) } ?? response
    case .retired(let model): return Self.problem(404, "\(model) was shut down")
    case .expired: return Self.problem(410, "the picture is gone")
    case .notFound(let what): return Self.problem(404, "there is no \(what)")
    }
  }

  private static func problem(_ status: Int, _ message: String) -> HTTPResponse {
    .json(status, ["error": ["message": .string(message)]])
  }
}
