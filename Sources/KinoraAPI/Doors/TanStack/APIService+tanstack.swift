import KinoraCore
import KinoraHTTP
import KinoraModel

/// Making: `POST /api/generate/video`, as a stream or directly, and `POST …/jobs`.
extension APIService {
  func tanstackRun(_ call: Call, framing kind: RunFraming.Kind? = nil) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let framing = RunFraming(
        kind: kind ?? RunFraming.kind(call.request.fields),
        tellsOffsets: call.request.fields["x-run-id"] != nil)
      let body = try parsed(call.request)
      if framing.kind == .object { return try await direct(body, call) }
      var events = RunEvents(runID: call.requestID, threadID: call.requestID)
      do throws(KinoraError) {
        let name = try RunName(body, call.request.fields["x-run-id"])
        if let run = name.run { events = RunEvents(runID: run, threadID: name.thread ?? run) }
        let (accepted, limit) = try await make(
          body, name, door: "tanstack", answersAtEnd: true, call)
        let last = call.request.fields["last-event-id"].flatMap { RunOffset($0) }
        return stream(accepted.record, framing, after: last ?? .beginning, limit: limit, call)
      } catch {
        // Its client throws an answer that is not 200 away, words and all.
        let now = clock.now()
        let failed = events.failed(
          TanStackDoor.message(error), code: error.code.rawValue, at: now)
        return framing.response(
          .bytes(
            framing.bytes(events.started(at: now), .started) + framing.bytes(failed, .end)),
          job: nil)
      }
    }
  }

  /// `POST …/jobs`: the adapter's `createVideoJob`.
  func tanstackCreate(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let body = try parsed(call.request)
      let name = try RunName(body, call.request.fields["x-run-id"])
      let (accepted, _) = try await make(
        body, name, door: "tanstack.jobs", answersAtEnd: false, call)
      let record = accepted.record
      var response = Answer.json([
        "jobId": .string(record.id.rawValue),
        "model": .string("\(record.provider)/\(record.model)"),
      ])
      response.fields.append("Location", "/v1/videos/\(record.id)")
      if accepted.isReplay { response.fields.append("Idempotent-Replayed", "true") }
      Answer.pace(&response, record)
      response.sent = { [service] whole in service.delivered(record.id, whole: whole) }
      return response
    }
  }

  /// The direct mode: one answer when the job is over.
  private func direct(_ body: ParsedBody, _ call: Call) async throws(KinoraError) -> HTTPResponse {
    let name = try RunName(body, call.request.fields["x-run-id"])
    let (accepted, limit) = try await make(
      body, name, door: "tanstack", answersAtEnd: true, call)
    let id = accepted.record.id
    let end = clock.steady() + limit
    try await watch(id, call.viewer, every: min(limit, 1000)) { _ in clock.steady() < end }
    let record = try await service.job(id, call.viewer)
    var response: HTTPResponse
    if !record.state.isOutwardlyOver {
      response = TanStackDoor.dialect.problem(TanStackDoor.late(id), call.requestID)
      Answer.forbidRepeat(&response)
    } else if let error = Self.failure(of: record) {
      response = TanStackDoor.dialect.problem(error, call.requestID)
      Answer.forbidRepeat(&response)
    } else {
      response = Answer.json(events(of: record).result(record, call.request))
    }
    response.fields.append("x-kinora-job", id.rawValue)
    response.sent = { [service] whole in service.delivered(id, whole: whole) }
    return response
  }

  /// A stream about a job, from `last` on, for at most `limit`.
  func stream(
    _ record: JobRecord, _ framing: RunFraming, after last: RunOffset,
    limit: Milliseconds = TanStackDoor.longest, _ call: Call
  ) -> HTTPResponse {
    let events = events(of: record)
    let writer = RunWriter(
      api: self, events: events, framing: framing, call: call, job: record.id, last: last,
      end: clock.steady() + limit)
    let farewell =
      framing.tellsOffsets
      ? []
      : framing.bytes(
        events.failed(
          "kinorad is stopping; \(record.id) goes on", code: "draining", at: clock.now()), .end)
    let told = Told()
    let streaming = HTTPStreaming(
      heartbeat: framing.kind == .events ? Array(": keep-alive\n".utf8) : [], farewell: farewell
    ) { stream in
      if await writer.run(stream) { told.set() }
    }
    var response = framing.response(.stream(streaming), job: record.id)
    response.sent = whenLeft([record.id], told, call)
    return response
  }

  private func make(
    _ body: ParsedBody, _ name: RunName, door: String, answersAtEnd: Bool, _ call: Call
  ) async throws(KinoraError) -> (Accepted, limit: Milliseconds) {
    let query = try call.query(["model"])
    let run = try RunRequest(body, name, model: query["model"])
    var submission = try submission(run.request, door: door, call)
    if submission.key == nil, let id = name.run { submission.key = "tanstack:\(id)" }
    submission.answersAtEnd = answersAtEnd
    submission.models = run.models
    return (try await make(submission, run.inputs), run.limit)
  }

  /// The run of a job; one that its client did not name is called like the job.
  func events(of record: JobRecord) -> RunEvents {
    let run = record.request.metadata[RunName.runKey] ?? record.id.rawValue
    return RunEvents(
      runID: run, threadID: record.request.metadata[RunName.threadKey] ?? run,
      life: service.policy.jobLife)
  }
}
