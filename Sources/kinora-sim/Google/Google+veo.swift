import KinoraHTTP
import KinoraModel

extension Google {
  /// `POST /models/MODEL:predictLongRunning`: a name and nothing else.
  func submitVeo(_ text: String, _ call: Call) -> Route {
    let json = call.json
    let prompt = json?["instances"]?[0]?["prompt"]?.string ?? ""
    let subject = Route.Subject(prompt: prompt, model: text, identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      let id = Marker.stripped(text)
      guard let model = (VeoModel.gemini + VeoModel.vertex).first(where: { $0.id == id }) else {
        return GoogleError.noModel(id, "predictLongRunning")
      }
      if world.options.strictRetirement { return GoogleError.retired(id) }
      do throws(VeoWish.Refusal) {
        let wish = try VeoWish(json, model, isVertex: false)
        var job = Job(
          id: world.dice.lowercase(12), provider: name, kind: "operation", model: id,
          prompt: prompt, created: now(), shape: wish.shape, cost: wish.cost)
        job.details = ["samples": JSON(wish.samples)]
        let made = await world.create(job, route: subject).job
        return .json(200, ["name": .string(Self.operationName(made))])
      } catch {
        return error.response
      }
    }
  }

  /// `GET /models/MODEL/operations/ID`.
  func operation(_ id: String, _ call: Call) -> Route {
    guard let job = world.jobs[id], job.provider == name, job.kind == "operation" else {
      return .plain(failure(.notFound(id)), .poll)
    }
    return .about(job, .poll) { twist in
      let job = world.jobs[id] ?? job
      let view = VeoOperation(
        job, twist == .unknownStatus ? .queued : world.stage(job), Self.operationName(job))
      if twist == .unknownStatus { return .json(200, view.json.setting("metadata", view.odd)) }
      return .json(200, view.gemini(uri: uri(file: id, call)))
    }
  }

  private static func operationName(_ job: Job) -> String {
    "models/\(job.model)/operations/\(job.id)"
  }
}
