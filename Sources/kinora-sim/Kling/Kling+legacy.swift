import KinoraHTTP
import KinoraModel

/// The older interface.
extension Kling {
  /// `POST /v1/videos/KIND`.
  func submit(_ kind: String, _ call: Call) -> Route {
    let json = call.json
    let prompt = json?["prompt"]?.string ?? ""
    let subject = Route.Subject(
      prompt: prompt, model: json?["model_name"]?.string ?? "",
      identity: json?["external_task_id"]?.string ?? prompt)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(KlingWish.Refusal) {
        let source = json?["video_id"]?.string.flatMap { id in
          world.jobs.all.first { $0.details["video"]?.string == id }
        }
        let wish = try KlingWish(json, kind: kind, source: source)
        try refuseTaken(wish.tag)
        let job = draft(
          kind: kind, model: wish.model, prompt: prompt, tag: wish.tag, mode: wish.mode,
          shape: shape(wish.mode, wish.aspect, wish.seconds, wish.hasSound),
          cost: kind == "video-extend"
            ? KlingPrice.extend(wish.model, wish.mode)
            : KlingPrice.clip(wish.model, wish.mode, wish.hasSound, wish.seconds),
          parent: source?.details["video"]?.string)
        let made = await world.create(job, route: subject).job
        return KlingError.fine(
          [
            "task_id": .string(made.id), "task_status": "submitted", "task_info": info(made),
            "created_at": JSON(made.created), "updated_at": JSON(made.created),
          ])
      } catch {
        return error.response
      }
    }
  }

  /// A task as polls show it.
  func view(_ job: Job, _ call: Call, _ twist: Fault?) -> JSON {
    let (word, reason) = word(job, twist, done: "succeed")
    var view: JSON = [
      "task_id": .string(job.id), "task_status": .string(word),
      "task_status_msg": .string(reason), "task_info": info(job),
      "watermark_info": ["enabled": false], "created_at": JSON(job.created),
      "updated_at": JSON(now()),
    ]
    guard word == "succeed" else { return view }
    if !job.outcomes.contains(.missingCost) {
      view = view.setting("final_unit_deduction", .string(Self.units(job)))
        .setting("final_balance_deduction", ["quota": "0", "list_price": "0"])
    }
    let video: JSON = [
      "id": job.details["video"] ?? .null, "url": .string(url(job, call)), "watermark_url": "",
      "duration": .string("\(job.shape.seconds).1"),
    ]
    let videos: [JSON] = job.outcomes.contains(.successWithoutAsset) ? [] : [video]
    return view.setting("task_result", ["videos": .array(videos)])
  }

  private func info(_ job: Job) -> JSON {
    var info: JSON = job.tag.map { ["external_task_id": .string($0)] } ?? [:]
    if let parent = job.details["parent"]?.string {
      info = info.setting("parent_video", ["id": .string(parent)])
    }
    return info
  }

  /// The client's id is unique in an account.
  func refuseTaken(_ tag: String?) throws(KlingWish.Refusal) {
    guard let tag, !world.jobs.tagged(tag, provider: name).isEmpty else { return }
    throw KlingWish.Refusal("external_task_id already exists")
  }

  func shape(_ mode: String, _ aspect: String, _ seconds: Int, _ audio: Bool) -> Shape {
    let short = mode == "4k" ? 2160 : mode == "pro" ? 1080 : 720
    let frame = Shape.fitting(short: short, aspect: aspect)
    return Shape(width: frame.width, height: frame.height, seconds: seconds, audio: audio)
  }

  func draft(
    kind: String, model: String, prompt: String, tag: String?, mode: String, shape: Shape,
    cost: MicroUSD, parent: String? = nil
  ) -> Job {
    // Ids are decimal numbers in a string.
    let digits = world.dice.lowercase(24).utf8.map { String($0 % 10) }.joined()
    var job = Job(
      id: "79\(digits.prefix(16))", provider: name, kind: kind, model: model, prompt: prompt,
      created: now(), shape: shape, cost: cost)
    job.tag = tag
    job.details = [
      "video": .string(world.dice.lowercase(20)), "mode": .string(mode), "parent": JSON(parent),
    ]
    return job
  }
}
