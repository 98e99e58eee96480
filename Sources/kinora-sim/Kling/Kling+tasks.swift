import KinoraHTTP
import KinoraModel

/// The newer interface: the model in the path, one list of tasks for all kinds.
extension Kling {
  private static let models = [
    "kling-3.0", "kling-3.0-turbo", "kling-2.6", "kling-2.5-turbo",
  ]

  /// `POST /text-to-video/MODEL` and `/image-to-video/MODEL`.
  func submitTask(_ text: String, isText: Bool, _ call: Call) -> Route {
    let contents = call.json?["contents"]?.array ?? []
    let prompt =
      call.json?["prompt"]?.string
      ?? contents.first { $0["type"]?.string == "prompt" }?["text"]?.string ?? ""
    let tag = call.json?["options"]?["external_task_id"]?.string
    let subject = Route.Subject(prompt: prompt, model: text, identity: tag ?? prompt)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(KlingWish.Refusal) {
        let model = Marker.stripped(text)
        guard Self.models.contains(model) else {
          throw KlingWish.Refusal(KlingError.problem(404, 1203, "No such model \(model)"))
        }
        let (mode, aspect, seconds, audio) = try settings(call.json, model)
        try checkContents(call.json, model, isText: isText)
        try refuseTaken(tag)
        let old = ["kling-3.0": "kling-v3", "kling-2.6": "kling-v2-6"][model] ?? model
        let job = draft(
          kind: "task", model: model, prompt: prompt, tag: tag, mode: mode,
          shape: shape(mode, aspect, seconds, audio),
          cost: KlingPrice.clip(
            old == "kling-2.5-turbo" ? "kling-v2-5-turbo" : old, mode, audio, seconds))
        let made = await world.create(job, route: subject).job
        return KlingError.fine(
          [
            "id": .string(made.id), "status": "submitted", "create_time": JSON(made.created),
            "update_time": JSON(made.created), "external_id": JSON(made.tag),
          ])
      } catch {
        return error.response
      }
    }
  }

  private func settings(_ json: JSON?, _ model: String) throws(KlingWish.Refusal) -> (
    mode: String, aspect: String, seconds: Int, audio: Bool
  ) {
    guard let json, let members = json.members else { throw KlingWish.Refusal("no JSON") }
    for member in members
    where !["prompt", "contents", "settings", "options"].contains(member.key) {
      throw KlingWish.Refusal("\(member.key): unknown parameter")
    }
    let settings = json["settings"] ?? [:]
    let known = ["audio", "resolution", "aspect_ratio", "duration", "multi_shot"]
    for member in settings.members ?? [] where !known.contains(member.key) {
      throw KlingWish.Refusal("settings.\(member.key): unknown parameter")
    }
    let modes = ["720p": "std", "1080p": "pro", "4k": model == "kling-3.0" ? "4k" : nil]
    guard let mode = modes[settings["resolution"]?.string ?? "720p"] ?? nil else {
      throw KlingWish.Refusal("settings.resolution: invalid")
    }
    // A number, never a string.
    let lengths = model.hasPrefix("kling-3") ? Array(3...15) : [5, 10]
    guard let seconds = settings["duration"].map({ $0.integer }) ?? 5,
      lengths.contains(Int(seconds))
    else { throw KlingWish.Refusal("settings.duration: invalid") }
    let audio = settings["audio"]?.string ?? "off"
    guard ["native", "off"].contains(audio), audio == "off" || model != "kling-2.6" || mode == "pro"
    else { throw KlingWish.Refusal("settings.audio: invalid") }
    return (mode, settings["aspect_ratio"]?.string ?? "16:9", Int(seconds), audio == "native")
  }

  private func checkContents(_ json: JSON?, _ model: String, isText: Bool)
    throws(KlingWish.Refusal)
  {
    guard !isText else {
      guard json?["prompt"]?.string?.isEmpty == false else {
        throw KlingWish.Refusal("prompt: must not be empty")
      }
      return
    }
    let frames = (json?["contents"]?.array ?? []).filter { $0["type"]?.string != "prompt" }
    guard frames.first?["type"]?.string == "first_frame" else {
      throw KlingWish.Refusal("contents: a first_frame is needed")
    }
    for frame in frames {
      if frame["type"]?.string == "last_frame", model == "kling-3.0-turbo" {
        throw KlingWish.Refusal("contents: last_frame is not supported by \(model)")
      }
      try KlingWish.check(frame["url"]?.string ?? "")
    }
  }

  /// `GET /tasks?task_ids=` or `?external_task_ids=`, exactly one of them; what is not known is left out.
  func tasks(_ call: Call) -> Route {
    let lists = [call.query["task_ids"], call.query["external_task_ids"]].compactMap(\.self)
    guard lists.count == 1 else {
      return .plain(
        KlingError.problem(400, 1201, "exactly one of task_ids and external_task_ids"), .poll)
    }
    let jobs = lists[0].split(separator: ",").compactMap { find(String($0), kind: "task") }
    guard let first = jobs.first else { return .plain(KlingError.fine([]), .poll) }
    return .about(first, .poll) { twist in
      KlingError.fine(.array(jobs.map { task(world.jobs[$0.id] ?? $0, call, twist) }))
    }
  }

  /// `POST /tasks`: all of them by pages.
  func list(_ call: Call) -> Route {
    Route(phase: .other) { _ in
      let all = world.jobs.all.filter { $0.provider == name && $0.kind == "task" }
      let result = all.suffix(Int(call.json?["limit"]?.integer ?? 100)).map { task($0, call, nil) }
      return KlingError.fine(["result": .array(result), "count": JSON(all.count)])
    }
  }

  private func task(_ job: Job, _ call: Call, _ twist: Fault?) -> JSON {
    let (word, reason) = word(job, twist, done: "succeeded")
    var view: JSON = [
      "id": .string(job.id), "status": .string(word), "message": .string(reason),
      "create_time": JSON(job.created), "update_time": JSON(now()), "external_id": JSON(job.tag),
      "outputs": [], "billing": [],
    ]
    guard word == "succeeded" else { return view }
    if !job.outcomes.contains(.missingCost) {
      view = view.setting(
        "billing",
        [
          [
            "charge_type": "unit", "cash_type": "", "amount": .string(Self.units(job)),
            "currency": "", "package_type": "video", "list_price": .string(job.cost.decimal),
          ]
        ])
    }
    let output: JSON = [
      "type": "video", "id": job.details["video"] ?? .null, "url": .string(url(job, call)),
      "watermark_url": "", "duration": .string("\(job.shape.seconds).1"),
    ]
    return job.outcomes.contains(.successWithoutAsset)
      ? view : view.setting("outputs", .array([output]))
  }
}
