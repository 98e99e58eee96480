import KinoraCore
import KinoraHTTP
import KinoraModel

/// OpenRouter's video API in front of every model: a client of theirs changes its base URL.
///
/// ```
/// POST /openrouter/api/v1/videos                     202 {"id","polling_url","status"}
/// GET  /openrouter/api/v1/videos/ID                  200 {"id","status","unsigned_urls"?,"usage"?,"error"?}
/// GET  /openrouter/api/v1/videos/ID/content?index=0  200 the file
/// GET  /openrouter/api/v1/videos/models              200 {"data":[…]}
/// ```
/// Source: OpenRouter's OpenAPI document, its Python package 1.3.84 and its TypeScript SDK 1.3
/// (`src/models/videogenerationresponse.ts`, whose schema is strict).
///
/// The way of a request: ``OpenRouterBody`` reads it, the kit makes the job, the functions below word it.
enum OpenRouterDoor {
  static let routes: [Route] = [
    Route("/openrouter/api/v1/videos", .post(.known, .upload) { $0.openRouterCreate($1) }),
    Route("/openrouter/api/v1/videos/models", .get { $0.openRouterModels($1) }),
    Route("/openrouter/api/v1/videos/{id}", .get { $0.openRouterPoll($1) }),
    Route("/openrouter/api/v1/videos/{id}/content", .get { $0.videoContent($1) }),
  ].map { $0.speaking(dialect) }

  static let dialect = Dialect.json { error, status, requestID in
    var metadata: JSON = ["code": .string(error.code.rawValue), "request_id": .string(requestID)]
    if let field = error.field { metadata = metadata.setting("field", .string(field)) }
    if !error.allowed.isEmpty {
      metadata = metadata.setting("allowed", .array(error.allowed.map { .string($0) }))
    }
    return [
      "error": [
        "code": .integer(Int64(status)), "message": .string(error.message), "metadata": metadata,
      ]
    ]
  }
}

extension APIService {
  func openRouterCreate(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let body = try OpenRouterBody(try parsed(call.request))
      let accepted = try await make(
        try submission(body.request, door: "openrouter", call), body.inputs)
      var response = Answer.json([
        "id": .string(accepted.record.id.rawValue),
        "polling_url": .string(Self.openRouterURL(accepted.record.id, call)),
        "status": .string(Self.openRouterStatus(accepted.record)),
      ])
      response.status = 202
      Answer.pace(&response, accepted.record)
      response.sent = { [service] whole in service.delivered(accepted.record.id, whole: whole) }
      return response
    }
  }

  func openRouterPoll(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let record = try await service.job(call.job, call.viewer)
      let url = Self.openRouterURL(record.id, call)
      // Their TypeScript client refuses an answer in which something absent is null.
      var view: JSON = [
        "id": .string(record.id.rawValue), "polling_url": .string(url),
        "status": .string(Self.openRouterStatus(record)),
      ]
      var holes = holes
      if record.state == .completed {
        let urls =
          call.isAISDK
          ? try dataURLs(of: record, &holes)
          : record.artifacts.indices.map { JSON.string("\(url)/content?index=\($0)") }
        view = view.setting("generation_id", .string(record.id.rawValue))
          .setting("unsigned_urls", .array(urls))
          .setting("usage", Self.openRouterUsage(record))
        if let end = JobRenderer.expiry(record, life: service.policy.jobLife) {
          view = view.setting("expires_at", .integer(end / 1000))
        }
      }
      if let (_, message) = JobRenderer.failure(of: record) {
        view = view.setting("error", .string(message))
      }
      if call.isAISDK, record.state == .completed {
        return answer(holes.filled(view), [record.id], call)
      }
      var response = Answer.json(view)
      Answer.pace(&response, record)
      return response
    }
  }

  func openRouterModels(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in
      Answer.json(["data": .array(service.policy.index.entries.map(Self.openRouterModel))])
    }
  }

  /// Absolute, at the host that the client speaks to.
  private static func openRouterURL(_ id: JobID, _ call: Call) -> String {
    "http://\(call.request.fields["host"] ?? "kinora")/openrouter/api/v1/videos/\(id)"
  }

  private static func openRouterStatus(_ record: JobRecord) -> String {
    StatusWords.of(record.state).openRouter
  }

  /// What it cost, in dollars, where that is known.
  private static func openRouterUsage(_ record: JobRecord) -> JSON {
    guard let cost = record.settled else { return ["is_byok": false] }
    return ["cost": .number(Double(cost.rawValue) / 1_000_000), "is_byok": false]
  }

  /// A model as their list has it. Prices are ours; theirs have names that only their models have.
  private static func openRouterModel(_ entry: ModelIndex.Entry) -> JSON {
    let model = entry.model
    func list(_ words: [String]) -> JSON { .array(words.map { .string($0) }) }
    let seconds: [Double] =
      switch model.durations {
      case .none: []
      case .list(let list): list
      case .range(let min, let max, let step): Array(stride(from: min, through: max, by: step))
      }
    let frames = [MediaInput.Role.firstFrame, .lastFrame].filter { (model.inputs[$0] ?? 0) > 0 }
    let prices = model.prices.map { price in
      let words = [
        "\(price.per.rawValue)", price.resolution, price.audio.map { $0 ? "with_audio" : "silent" },
        price.size, price.kind?.rawValue,
      ]
      return JSONMember(
        words.compactMap { $0 }.joined(separator: "_").lowercased(),
        .string(String(price.amount.dollars.dropFirst())))
    }
    return [
      "id": .string(entry.id), "canonical_slug": .string(entry.id), "hugging_face_id": .null,
      "name": .string(model.name), "created": 0,
      "description": .string("\(model.name) by \(entry.settings.name)"),
      "supported_resolutions": list(model.resolutions),
      "supported_aspect_ratios": list(model.aspectRatios), "supported_sizes": list(model.sizes),
      "supported_durations": .array(seconds.map { .integer(Int64($0)) }),
      "supported_frame_images": frames.isEmpty ? .null : list(frames.map(\.rawValue)),
      "upscale_factor": .null, "creativity": .null,
      "generate_audio": model.audio == .optional ? true : .null, "seed": .bool(model.takesSeed),
      "pricing_skus": .object(prices),
      "allowed_passthrough_parameters": list(model.options ?? []),
    ]
  }
}
