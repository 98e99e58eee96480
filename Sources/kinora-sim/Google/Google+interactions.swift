import KinoraHTTP
import KinoraModel

extension Google {
  /// An interaction's id is this and the name of its file.
  static let interactionPrefix = "v1_Chd"

  /// `/interactions`, `/interactions/ID`, `/interactions/ID/cancel`.
  func interactions(_ rest: [String], _ call: Call) -> Route {
    if rest.isEmpty, call.method == "POST" { return createInteraction(call) }
    guard let id = rest.first else { return .plain(failure(.notFound(call.target))) }
    guard let job = world.jobs[id], job.kind == "interaction", !job.deleted else {
      return .plain(InteractionWish.Refusal("Invalid interaction name: \(id)").response, .poll)
    }
    switch (call.method, rest.count) {
    case ("GET", 1):
      return .about(job, .poll) { twist in
        .json(200, await interaction(world.jobs[id] ?? job, call, twist))
      }
    case ("DELETE", 1):
      return .about(job, .other) { _ in
        if let ticket = world.jobs.delete(id) { await world.journal.durable(ticket) }
        return .json(200, [:])
      }
    case ("POST", 2) where rest[1] == "cancel":
      return .about(job, .other) { _ in await cancelInteraction(job, call) }
    default: return .plain(failure(.notFound(call.target)))
    }
  }

  private func createInteraction(_ call: Call) -> Route {
    let json = call.json
    let prompt = InteractionWish.prompt(json?["input"])
    let subject = Route.Subject(
      prompt: prompt, model: json?["model"]?.string ?? "", identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(InteractionWish.Refusal) {
        let wish = try InteractionWish(json, jobs: world.jobs)
        var job = Job(
          id: Self.interactionPrefix + world.dice.lowercase(12), provider: name,
          kind: "interaction", model: wish.model.id, prompt: prompt, created: now(),
          shape: wish.shape, cost: wish.cost)
        job.details = [
          "tokens": JSON(wish.tokens), "uri": .bool(wish.wantsURI),
          "background": .bool(wish.inBackground),
          "previous": json?["previous_interaction_id"] ?? .null,
        ]
        let made = await world.create(job, route: subject).job
        // In the foreground the answer takes as long as the video.
        if !wish.inBackground { _ = await world.end(of: made) }
        return .json(200, await interaction(world.jobs[made.id] ?? made, call, nil))
      } catch {
        return error.response
      }
    }
  }

  private func cancelInteraction(_ job: Job, _ call: Call) async -> HTTPResponse {
    guard job.details["background"]?.bool == true else {
      return InteractionWish.Refusal("Only background interactions can be cancelled.").response
    }
    if !world.stage(job).isFinal, let ticket = world.jobs.cancel(job.id, at: now()) {
      await world.journal.durable(ticket)
    }
    return .json(200, await interaction(world.jobs[job.id] ?? job, call, nil))
  }

  /// An interaction as create and polls show it.
  private func interaction(_ job: Job, _ call: Call, _ twist: Fault?) async -> JSON {
    let stage = world.stage(job)
    let status = twist == .unknownStatus ? "warming_up" : Self.word(stage)
    let time = UTC.timestamp(job.created).prefix(19) + "Z"
    var view: JSON = [
      "id": .string(job.id), "object": "interaction", "model": .string(job.model),
      "status": .string(status), "created": .string(String(time)), "updated": .string(String(time)),
    ]
    if let previous = job.details["previous"]?.string {
      view = view.setting("previous_interaction_id", .string(previous))
    }
    let asked: JSON = [
      "type": "user_input", "content": [["type": "text", "text": .string(job.prompt)]],
    ]
    switch stage {
    case .succeeded where twist == nil:
      view = view.setting("steps", [asked, await output(job, call)])
      if !job.outcomes.contains(.missingCost) { view = view.setting("usage", Self.usage(job)) }
    case .filtered where twist == nil:
      let words: JSON = [
        "type": "text", "text": "I can't make this video. Please try another description.",
      ]
      view = view.setting("steps", [asked, ["type": "model_output", "content": [words]]])
    case .failed(let code, let message) where twist == nil:
      view = view.setting("steps", [asked]).setting(
        "errors", [["code": .string(code), "message": .string(message)]])
    default: view = view.setting("steps", [asked])
    }
    return view
  }

  private func output(_ job: Job, _ call: Call) async -> JSON {
    var video: JSON = ["type": "video", "mime_type": "video/mp4"]
    if job.details["uri"]?.bool == true, !job.outcomes.contains(.inlineAsset) {
      let file = String(job.id.dropFirst(Self.interactionPrefix.count))
      video = video.setting("uri", .string(uri(file: file, call)))
    } else if let bytes = await world.bytes(job) {
      video = video.setting("data", .string(Base64.encode(bytes)))
    }
    let content: [JSON] = job.outcomes.contains(.successWithoutAsset) ? [] : [video]
    return ["type": "model_output", "content": .array(content)]
  }

  private static func usage(_ job: Job) -> JSON {
    let tokens = job.details["tokens"]?.integer ?? 0
    let input = Int64(job.prompt.utf8.count / 4 + 1)
    return [
      "total_input_tokens": JSON(input), "total_output_tokens": JSON(tokens),
      "total_tokens": JSON(tokens + input),
      "output_tokens_by_modality": [["modality": "video", "tokens": JSON(tokens)]],
    ]
  }

  private static func word(_ stage: Stage) -> String {
    switch stage {
    case .queued: "queued"
    case .running: "in_progress"
    // A refusal is a completed interaction without a video.
    case .succeeded, .filtered: "completed"
    case .failed: "failed"
    case .cancelled: "cancelled"
    case .expired: "incomplete"
    }
  }
}
