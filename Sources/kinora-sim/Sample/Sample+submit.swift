import KinoraHTTP
import KinoraModel

extension Sample {
  /// One cent a second.
  private static let perSecond = MicroUSD(10_000)

  /// `POST /videos` and `/videos:sync`.
  func submit(_ call: Call, inline: Bool) -> Route {
    let json = call.json
    let key = call.fields["idempotency-key"]
    let subject = Self.subject(json, key)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(SampleWish.Refusal) {
        let wish = try SampleWish(json, models: SampleWish.models, isUpload: isUpload)
        var job = Job(
          id: "smp_\(world.dice.alphanumeric(20))", provider: name, kind: "video",
          model: wish.model, prompt: wish.prompt, created: now(), shape: wish.shape,
          cost: Self.perSecond.times(Double(wish.shape.seconds)))
        job.tag = wish.tag
        if wish.model == "clip-keyed" { job.key = key }
        if inline { job.render = 0 }
        let (made, isNew) = await world.create(job, route: subject)
        if inline { return await wholeAnswer(made, call) }
        return .json(isNew ? 201 : 200, view(made, call, nil))
      } catch {
        return error.response
      }
    }
  }

  /// `POST /images`: answered when the image is there.
  func image(_ call: Call) -> Route {
    let json = call.json
    let subject = Self.subject(json, nil)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(SampleWish.Refusal) {
        let wish = try SampleWish(json, models: SampleWish.imageModels, isUpload: isUpload)
        let shape = Shape(container: .png, width: wish.shape.width, height: wish.shape.height)
        var job = Job(
          id: "smp_\(world.dice.alphanumeric(20))", provider: name, kind: "image",
          model: wish.model, prompt: wish.prompt, created: now(), shape: shape,
          cost: Self.perSecond)
        job.tag = wish.tag
        job.render = 0
        let made = await world.create(job, route: subject).job
        guard await world.end(of: made) == .succeeded else {
          return Self.problem(422, "filtered", "the result was taken by the content filter")
        }
        return .json(
          200,
          [
            "id": .string(made.id), "image": ["url": .string(url(made, call))],
            "cost_usd": .string(made.cost.decimal),
          ])
      } catch {
        return error.response
      }
    }
  }

  /// `POST /uploads`: raw bytes of a picture.
  func upload(_ call: Call) -> Route {
    Route(phase: .other) { _ in
      guard let mime = Picture.mime(call.body) else {
        return Self.problem(422, "invalid", "the body is not a picture", field: "body")
      }
      let id = "up_\(world.dice.alphanumeric(20))"
      await world.uploads.add(id, mime: mime, bytes: call.body.count)
      return .json(
        201, ["id": .string(id), "upload": .string(id), "mime": .string(mime)])
    }
  }

  private func isUpload(_ id: String) -> Bool { world.uploads.contains(id) }

  /// A finished video as base64.
  private func wholeAnswer(_ job: Job, _ call: Call) async -> HTTPResponse {
    guard await world.end(of: job) == .succeeded, let bytes = await world.bytes(job) else {
      return .json(200, view(world.jobs[job.id] ?? job, call, nil))
    }
    return .json(
      200,
      [
        "id": .string(job.id), "status": "succeeded",
        "video": ["b64": .string(Base64.encode(bytes)), "mime": "video/mp4"],
        "cost_usd": .string(job.cost.decimal),
      ])
  }

  private static func subject(_ json: JSON?, _ key: String?) -> Route.Subject {
    let prompt = json?["prompt"]?.string ?? ""
    return Route.Subject(
      prompt: prompt, model: json?["model"]?.string ?? "",
      identity: json?["tag"]?.string ?? key ?? prompt)
  }
}
