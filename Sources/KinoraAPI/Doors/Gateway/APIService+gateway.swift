import KinoraCore
import KinoraHTTP
import KinoraModel

/// `POST /v4/ai/video-model`: one event when the job is over, comments until then.
extension APIService {
  func gatewayGenerate(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let (accepted, warnings) = try await gatewayMake(call, door: "gateway", answersAtEnd: true)
      let id = accepted.record.id
      // A repeat after this word finds the job: its answer has not left.
      let stopping = KinoraError(.draining, "kinorad is stopping; \(id) goes on", retryAfter: 2)
      let told = Told()
      let streaming = HTTPStreaming(
        heartbeat: Self.silence, farewell: Self.block(GatewayDoor.event(stopping, 503))
      ) { [self] stream in
        do throws(HTTPGone) {
          // The head leaves with the first byte, and the client waits for that no longer than 300 s.
          try await stream.write(Self.silence)
          guard let (text, isEnd) = await gatewayEnd(id, call.viewer, warnings) else { return }
          try await text.write(to: stream)
          told.carries(text.carried)
          if isEnd { told.set() }
        } catch {}
      }
      var response = HTTPResponse(
        status: 200,
        fields: [
          "Content-Type": "text/event-stream", "Cache-Control": "no-cache",
          "X-Accel-Buffering": "no", "x-kinora-job": id.rawValue,
        ], body: .stream(streaming))
      response.sent = whenLeft([id], told, call)
      return response
    }
  }

  private static let silence = Array(":\n\n".utf8)

  private static func block(_ event: JSON) -> [UInt8] { Array("data: \(event.text)\n\n".utf8) }

  /// The one event, and whether it tells the job's end; nil when the client left before.
  private func gatewayEnd(
    _ id: JobID, _ viewer: Viewer, _ warnings: [JSON]
  ) async -> (text: MediaText, isEnd: Bool)? {
    var text = MediaText()
    do throws(KinoraError) {
      try await watch(id, viewer) { _ in true }
      if Task.isCancelled { return nil }
      let record = try await service.job(id, viewer)
      if let error = Self.failure(of: record) { throw error }
      text.text(#"data: {"type":"result","#)
      try gatewayResult(record, warnings, to: &text)
      text.text("}\n\n")
      return (text, true)
    } catch {
      let isEnd = error.code != .draining
      var failed = MediaText()
      let event = isEnd ? GatewayDoor.failure(error) : GatewayDoor.event(error, 503)
      failed.text("data: \(event.text)\n\n")
      return (failed, isEnd)
    }
  }

  /// `"videos":[…],"warnings":[…],"providerMetadata":{…}` of a completed job.
  func gatewayResult(
    _ record: JobRecord, _ warnings: [JSON], to text: inout MediaText
  ) throws(KinoraError) {
    text.text(#""videos":["#)
    for (at, item) in try files(of: record).enumerated() {
      text.text(#"\#(at > 0 ? "," : ""){"type":"base64","data":""#)
      text.base64(item.file)
      text.text(#"","mediaType":\#(JSON.string(item.artifact.mime).text)}"#)
    }
    text.text(
      #"],"warnings":\#(JSON.array(warnings).text),"#
        + #""providerMetadata":\#(GatewayDoor.metadata(record).text)"#)
  }

  /// The job of a call to either of the two that make one.
  func gatewayMake(
    _ call: Call, door: String, answersAtEnd: Bool
  ) async throws(KinoraError) -> (Accepted, [JSON]) {
    let fields = call.request.fields
    if let version = fields["ai-video-model-specification-version"],
      !GatewayDoor.versions.contains(version)
    {
      throw KinoraError(
        .badField, "specification version \(version.prefix(16)) is not spoken here",
        field: "Ai-Video-Model-Specification-Version", allowed: GatewayDoor.versions)
    }
    guard let slug = fields["ai-model-id"], (1...256).contains(slug.utf8.count) else {
      throw KinoraError(
        .badField, "the header ai-model-id must name a model", field: "Ai-Model-Id",
        allowed: ["PROVIDER/MODEL", "MODEL where it is unique", "an alias"])
    }
    let entry = try gatewayModel(slug)
    let wish = try GatewayRequest(try parsed(call.request), for: entry, slug: slug)
    var submission = try submission(wish.request, door: door, call)
    if submission.key == nil { submission.key = wish.key }
    submission.answersAtEnd = answersAtEnd
    let accepted = try await make(submission, wish.inputs)
    let record = accepted.record
    // As the AI SDK words what a model does not take.
    let left = RequestWarning.all(asked: record.asked, request: record.request)
      .filter { $0.action == .ignored }
      .map { warning -> JSON in
        [
          "type": "unsupported", "feature": .string(warning.field),
          "details": .string(warning.message),
        ]
      }
    return (accepted, wish.warnings + left)
  }
}
