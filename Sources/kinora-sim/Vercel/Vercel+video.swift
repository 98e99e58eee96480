import KinoraHTTP
import KinoraModel

extension Vercel {
  private func make(_ slug: String, _ call: Call, _ subject: Route.Subject)
    async throws(VercelWish.Refusal) -> Job
  {
    guard call.body.count <= VercelWish.longest else {
      throw VercelWish.Refusal(
        Self.problem(413, "invalid_request_error", "Request body exceeds 300 KiB"))
    }
    let wish = try VercelWish(call.json, slug: slug)
    var job = Job(
      id: "job_\(world.dice.alphanumeric(20))", provider: name, kind: "video",
      model: wish.model.id, prompt: subject.prompt, created: now(), shape: wish.shape,
      cost: wish.cost)
    job.key = call.fields["idempotency-key"]
    job.details = ["count": JSON(wish.count)]
    return await world.create(job, route: subject).job
  }

  /// By its prompt, since a purchase that was refused is tried anew under another key.
  private func subject(_ slug: String, _ call: Call) -> Route.Subject {
    let prompt = call.json?["prompt"]?.string ?? ""
    return Route.Subject(prompt: prompt, model: slug, identity: prompt)
  }

  /// `POST /video-model/start`: the same key gives the same operation.
  func start(_ slug: String, _ call: Call) -> Route {
    let subject = subject(slug, call)
    return Route(phase: .submit, subject: subject) { _ in
      do throws(VercelWish.Refusal) {
        let made = try await make(slug, call, subject)
        return .json(
          200,
          [
            "operation": ["gatewayJobId": .string(made.id)], "warnings": [],
            "providerMetadata": [
              "gateway": [
                "asyncJob": [
                  "jobId": .string(made.id), "status": "queued",
                  "webhookSigningSecret": "whsec_simulated",
                ]
              ]
            ],
          ])
      } catch {
        return error.response
      }
    }
  }

  /// `POST /video-model/status` with the operation as it was given.
  func status(_ call: Call) -> Route {
    let id = call.json?["operation"]?["gatewayJobId"]?.string ?? ""
    guard let job = world.jobs[id], job.provider == name else {
      return .plain(failure(.notFound("Job \(id)")), .poll)
    }
    return .about(job, .poll) { twist in
      if twist == .unknownStatus { return .json(200, ["status": "polishing"]) }
      let job = world.jobs[id] ?? job
      switch world.stage(job) {
      case .queued, .running:
        return .json(
          200,
          [
            "status": "pending",
            "providerMetadata": ["gateway": ["asyncJob": ["status": "running"]]],
          ])
      case .succeeded: return .json(200, await result(job, call).setting("status", "completed"))
      case .filtered:
        return .json(200, ["status": "error", "error": "Blocked by the provider's content policy"])
      case .failed(_, let message):
        return .json(200, ["status": "error", "error": .string(message)])
      case .cancelled: return .json(200, ["status": "cancelled"])
      case .expired: return .json(200, ["status": "error", "error": "The job timed out"])
      }
    }
  }

  /// `POST /video-model`: comments until the end, then one event; errors as well, within a 200. No key
  /// is sent with it, so each repeat is another purchase.
  func stream(_ slug: String, _ call: Call) -> Route {
    let subject = subject(slug, call)
    return Route(phase: .submit, subject: subject) { _ in
      let made: Job
      do throws(VercelWish.Refusal) {
        made = try await make(slug, call, subject)
      } catch {
        return error.response
      }
      var response = HTTPResponse(
        status: 200, fields: HTTPFields(["Content-Type": "text/event-stream"]))
      response.body = .stream(
        HTTPStreaming(heartbeat: Array(":\n\n".utf8), heartbeatSeconds: 1) { stream in
          try? await stream.write(Array(":\n\n".utf8))
          var event = Self.event(await world.end(of: made))
          if event == nil { event = await result(made, call).setting("type", "result") }
          try? await stream.write(
            Array("data: ".utf8) + (event ?? [:]).bytes + Array("\n\n".utf8))
        })
      return response
    }
  }

  /// The error event of an end that is none; nil for a success.
  private static func event(_ stage: Stage) -> JSON? {
    let (message, type, status): (String, String, Int) =
      switch stage {
      case .succeeded: ("", "", 200)
      case .filtered: ("Blocked by the provider's content policy", "invalid_request_error", 400)
      case .failed(_, let message): (message, "internal_server_error", 500)
      default: ("The job did not finish", "internal_server_error", 500)
      }
    guard status != 200 else { return nil }
    return [
      "type": "error", "message": .string(message), "errorType": .string(type),
      "statusCode": JSON(status), "param": .null,
    ]
  }

  /// By address; inside the answer for clients that do not fetch from loopback, and on demand.
  private func result(_ job: Job, _ call: Call) async -> JSON {
    var videos: [JSON] = []
    let isInline =
      job.outcomes.contains(.inlineAsset)
      || (call.fields["user-agent"] ?? "").contains("ai-sdk/gateway")
    for _ in 0..<Int(job.details["count"]?.integer ?? 1) {
      if isInline, let bytes = await world.bytes(job) {
        videos.append([
          "type": "base64", "data": .string(Base64.encode(bytes)), "mediaType": "video/mp4",
        ])
      } else {
        videos.append([
          "type": "url", "url": .string("\(call.origin)/vercel/files/\(job.id).mp4"),
          "mediaType": "video/mp4",
        ])
      }
    }
    if job.outcomes.contains(.successWithoutAsset) { videos = [] }
    var gateway: JSON = ["routing": [:], "generationId": .string("gen_\(job.id.dropFirst(4))")]
    if !job.outcomes.contains(.missingCost) {
      gateway = gateway.setting("cost", .string(job.cost.decimal))
    }
    return [
      "videos": .array(videos), "warnings": [], "providerMetadata": ["gateway": gateway],
    ]
  }
}
