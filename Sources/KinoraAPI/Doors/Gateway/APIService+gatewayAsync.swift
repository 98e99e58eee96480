import KinoraCore
import KinoraHTTP
import KinoraModel

/// `/v4/ai/video-model/start` and `/status`: a job now, its files later.
extension APIService {
  func gatewayStart(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let (accepted, warnings) = try await gatewayMake(
        call, door: "gateway.start", answersAtEnd: false)
      let record = accepted.record
      var response = Answer.json([
        "operation": ["gatewayJobId": .string(record.id.rawValue)],
        "warnings": .array(warnings), "providerMetadata": GatewayDoor.metadata(record),
      ])
      if accepted.isReplay { response.fields.append("Idempotent-Replayed", "true") }
      Answer.pace(&response, record)
      response.sent = { [service] whole in service.delivered(record.id, whole: whole) }
      return response
    }
  }

  func gatewayStatus(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let body = try parsed(call.request)
      guard let id = body.json["operation"]?["gatewayJobId"]?.string else {
        throw KinoraError(
          .badField, "operation must be what /video-model/start answered", field: "operation",
          allowed: ["{\"gatewayJobId\":\"video_…\"}"])
      }
      let record = try await service.job(JobID(rawValue: id), call.viewer)
      let status = JSON.string(StatusWords.of(record.state).gateway)
      guard record.state.isOutwardlyOver else {
        var response = Answer.json([
          "status": status, "providerMetadata": GatewayDoor.metadata(record),
        ])
        Answer.pace(&response, record)
        return response
      }
      if record.state == .cancelled { return Answer.json(["status": status]) }
      if let error = Self.failure(of: record) {
        return Answer.json([
          "status": status, "error": .string(GatewayDoor.message(error)),
          "providerMetadata": GatewayDoor.metadata(record),
        ])
      }
      var text = MediaText()
      text.text(#"{"status":"completed","#)
      try gatewayResult(record, [], to: &text)
      text.text("}")
      return answer(text, [record.id], call)
    }
  }
}
