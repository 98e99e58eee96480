import KinoraCore
import KinoraHTTP
import KinoraModel

/// `interactions`: create, get, cancel, delete. This half of the API writes snake_case.
extension APIService {
  /// Seconds that a create in the foreground is held.
  private static let longestInteraction = 900

  func googleInteraction(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      try call.googleVersion()
      let body = try GoogleInteractionBody(try parsed(call.request))
      var wish = try submission(
        body.request, door: body.isBackground ? "google" : GoogleDoor.waiting, call)
      // Its clients repeat a create four times, without a key, when the connection breaks.
      wish.answersAtEnd = !body.isBackground
      let made = try await make(wish, body.inputs).record
      let record =
        body.isBackground
        ? made : try await outcome(made.id, call.viewer, seconds: Self.longestInteraction)
      var response = try interaction(record, body.isInline, call)
      if response.sent == nil {
        response.sent = { [service] whole in service.delivered(record.id, whole: whole) }
      }
      return response
    }
  }

  func googleInteractionView(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      try interaction(try await googleRecord(call), false, call)
    }
  }

  func googleInteractionCancel(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let record = try await googleRecord(call)
      return try interaction(
        record.state.isOutwardlyOver ? record : try await service.cancel(record.id, call.viewer),
        false, call)
    }
  }

  func googleInteractionDelete(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      try await service.delete(try await googleRecord(call).id, call.viewer)
      return Answer.json([:])
    }
  }

  private func googleRecord(_ call: Call) async throws(KinoraError) -> JobRecord {
    try call.googleVersion()
    let name = (call.values.last ?? "").dropFirst(GoogleDoor.interactionPrefix.count)
    return try await service.job(GoogleDoor.job(name).id, call.viewer)
  }

  /// An interaction; with its media inside where the client asked for that.
  private func interaction(
    _ record: JobRecord, _ isInline: Bool, _ call: Call
  ) throws(KinoraError) -> HTTPResponse {
    let created = UTC.timestamp(record.createdAt)
    var view: JSON = [
      "id": .string(GoogleDoor.interactionPrefix + GoogleDoor.fileName(record.id, 0)),
      "object": "interaction", "model": .string("\(record.provider)/\(record.model)"),
      "status": .string(Self.interactionStatus(record)), "created": .string(created),
      "updated": .string(UTC.timestamp(record.endedAt ?? record.createdAt)),
    ]
    if let source = record.request.sourceJob {
      let id = GoogleDoor.interactionPrefix + GoogleDoor.fileName(source, 0)
      view = view.setting("previous_interaction_id", .string(id))
    }
    let asked: JSON = [
      "type": "user_input",
      "content": [["type": "text", "text": .string(record.request.prompt)]],
    ]
    if let (code, message) = JobRenderer.failure(of: record) {
      return Answer.json(
        view.setting("steps", [asked]).setting(
          "errors", [["code": .string(code.rawValue), "message": .string(message)]]))
    }
    guard record.state == .completed else {
      var response = Answer.json(view.setting("steps", [asked]))
      Answer.pace(&response, record)
      return response
    }
    guard isInline else {
      let content = record.artifacts.enumerated().map { index, artifact -> JSON in
        [
          "type": .string(Self.medium(artifact)), "mime_type": .string(artifact.mime),
          "uri": .string(GoogleDoor.uri(record.id, index, call)),
        ]
      }
      let output: JSON = ["type": "model_output", "content": .array(content)]
      return Answer.json(view.setting("steps", [asked, output]))
    }
    var text = MediaText()
    text.text(String(view.text.dropLast()))
    text.text(",\"steps\":[\(asked.text),{\"type\":\"model_output\",\"content\":[")
    for (at, (artifact, file)) in try files(of: record).enumerated() {
      let kind = Self.medium(artifact)
      let mime = JSON.string(artifact.mime).text
      text.text("\(at > 0 ? "," : ""){\"type\":\"\(kind)\",\"mime_type\":\(mime),\"data\":\"")
      text.base64(file)
      text.text("\"}")
    }
    text.text("]}]}")
    return answer(text, [record.id], call)
  }

  private static func medium(_ artifact: Artifact) -> String {
    artifact.mime.hasPrefix("image/") ? "image" : "video"
  }

  private static func interactionStatus(_ record: JobRecord) -> String {
    StatusWords.of(record.state).interactions
  }
}
