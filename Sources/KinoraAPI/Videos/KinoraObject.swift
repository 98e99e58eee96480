import KinoraModel

/// The object `kinora` of a job.
struct KinoraObject {
  let record: JobRecord
  let isAttached: Bool

  /// Seconds between two looks at a live job that cannot follow its events.
  private static let pollSeconds: Int64 = 2
  /// The same as a field's value.
  static let pollAfter = "\(pollSeconds)"

  func write(to json: inout JSONWriter) {
    let isOver = record.state.isOutwardlyOver
    json.beginObject()
    json.member("state", .string(record.state.rawValue))
    json.member("attempt", .integer(Int64(record.attempt)))
    json.member("client", .string(record.client))
    json.member("provider", .string(record.provider))
    json.member("provider_id", JSON(record.handle))
    if record.route != nil { json.member("route", JSON(record.route)) }
    json.member("kind", .string(record.kind.rawValue))
    json.member("created", time(record.createdAt))
    json.member("updated", time(updated))
    json.member("submitted", time(record.submittedAt))
    json.member("ended", time(record.endedAt))
    json.member("deadline", time(deadline))
    json.member("progress_permille", JSON(record.progressPermille))
    json.member("note", JSON(record.note))
    json.member("provider_error", JSON(record.failure?.providerMessage))
    json.member("poll_after_seconds", isOver ? .null : .integer(Self.pollSeconds))
    if let typical = record.typical {
      json.member(
        "typical_seconds",
        [
          "half": .integer((typical.median + 999) / 1000),
          "most": .integer((typical.most + 999) / 1000),
        ])
    }
    // Where it stands in a queue and how far it may be change by themselves: see videoProgress.
    json.key("cost")
    cost(to: &json)
    json.key("request")
    RequestObject(request: record.request).write(to: &json)
    json.key("asked")
    JobRenderer.strings(record.asked, to: &json)
    json.member(
      "warnings",
      .array(RequestWarning.all(asked: record.asked, request: record.request).map(\.json)))
    json.key("transports")
    JobRenderer.strings(record.transports, to: &json)
    json.key("artifacts")
    artifacts(to: &json)
    json.member("tenant", JSON(record.request.tenant))
    json.member("tenant_version", JSON(record.tenantTerms?.version))
    json.key("delivery")
    delivery(to: &json)
    json.key("notice")
    NoticeObject(record: record).write(to: &json)
    json.member("actions", .array(actions.map { .string($0) }))
    json.member("attached", .bool(isAttached))
    json.member("events", .integer(Int64(record.sequence)))
    json.endObject()
  }

  private func delivery(to json: inout JSONWriter) {
    guard let delivery = record.delivery else { return json.value(.null) }
    json.beginObject()
    json.member("status", .string(delivery.status.rawValue))
    json.member("at", time(delivery.at))
    json.member("max_bytes", JSON(record.tenantTerms?.maxOutputBytes))
    json.endObject()
  }

  /// The latest moment that the record knows of.
  private var updated: Milliseconds {
    let known = [
      record.endedAt, record.submittedAt, record.intentAt, record.cancelRequestedAt,
    ]
    return known.compactMap { $0 }.reduce(record.createdAt, max)
  }

  private var deadline: Milliseconds? {
    if record.state.isOutwardlyOver { return record.deadlineAt }
    return record.deadlineAt ?? (record.submittedAt == nil ? record.queueUntil : nil)
  }

  private var actions: [String] {
    switch record.state {
    case .draft, .queued, .submitting, .submitted, .running:
      record.cancelRequestedAt == nil ? ["cancel"] : []
    case .submitUnknown: ["cancel", "resolve"]
    case .held: ["resolve"]
    case .ready, .fetching: []
    case .completed: ["content", "delete"]
    case .failed, .cancelled, .expired: record.tailUntil == nil ? ["delete"] : []
    }
  }

  private func cost(to json: inout JSONWriter) {
    json.beginObject()
    json.member("currency", "USD")
    json.member("quoted_microusd", .integer(record.quote.amount.rawValue))
    json.member("reserved_microusd", .integer(record.reserved.rawValue))
    json.member("settled_microusd", JSON(record.settled?.rawValue))
    json.member("basis", .string(record.quote.basis))
    json.member("unconfirmed", .bool(record.isUnconfirmed))
    json.endObject()
  }

  private func artifacts(to json: inout JSONWriter) {
    json.beginArray()
    for (index, artifact) in record.artifacts.enumerated() {
      json.beginObject()
      json.member("index", .integer(Int64(index)))
      json.member("url", .string("/v1/videos/\(record.id)/content?index=\(index)"))
      json.member("sha256", .string(artifact.sha256))
      json.member("bytes", .integer(artifact.bytes))
      json.member("mime", .string(artifact.mime))
      json.member("width", JSON(artifact.width))
      json.member("height", JSON(artifact.height))
      let seconds = artifact.durationMilliseconds.map { Double($0) / 1000 }
      json.member("duration_seconds", seconds.map { .number($0) } ?? .null)
      json.member("codec", JSON(artifact.codec))
      json.endObject()
    }
    json.endArray()
  }

  private func time(_ at: Milliseconds?) -> JSON { JSON(at.map(UTC.timestamp)) }
}

extension RequestWarning {
  /// As a job and a quote show it.
  var json: JSON {
    [
      "field": .string(field), "action": .string(action.rawValue), "asked": .string(asked),
      "used": JSON(used), "message": .string(message),
    ]
  }
}

/// What is made, after defaults and snapping: `kinora.request` of a job and `resolved` of a quote.
struct RequestObject {
  let request: GenerationRequest

  func write(to json: inout JSONWriter) {
    json.beginObject()
    members(to: &json)
    json.endObject()
  }

  func members(to json: inout JSONWriter) {
    json.member("seconds", JSON(request.seconds))
    json.member("aspect_ratio", JSON(request.aspectRatio))
    json.member("resolution", JSON(request.resolution))
    json.member("size", JSON(request.size))
    json.member("fps", JSON(request.fps))
    json.member("audio", JSON(request.audio))
    json.member("seed", JSON(request.seed))
    json.member("count", .integer(Int64(request.count)))
    json.member(ifPresent: "negative_prompt", request.negativePrompt)
    json.member(ifPresent: "style_preset", request.stylePreset)
    json.key("inputs")
    json.beginArray()
    for input in request.inputs {
      json.beginObject()
      json.member("role", .string(input.role.rawValue))
      json.member("mime", .string(input.mime))
      json.member("bytes", .integer(input.bytes))
      json.member("sha256", JSON(input.sha256))
      json.member(ifPresent: "url", input.url)
      json.member(ifPresent: "uri", input.uri)
      json.endObject()
    }
    json.endArray()
    json.member(ifPresent: "user", request.endUser)
    if let options = request.options { json.member("options", options) }
  }
}
