import KinoraCore
import KinoraHTTP
import KinoraModel

/// Looking: joining a run, restoring a thread after a reload, the calls by job id; and stopping.
extension APIService {
  /// `GET ?runId=…&offset=…` joins a run; `GET ?threadId=…` tells how its last one stands.
  func tanstackRead(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["runId", "offset", "threadId"])
      if let thread = query["threadId"], query["runId"] == nil {
        return try await hydrate(thread, call)
      }
      guard let run = query["runId"] else {
        throw KinoraError(
          .badField, "runId or threadId is missing", field: "runId",
          allowed: ["?runId=RUN&offset=-1", "?threadId=THREAD"])
      }
      let given = call.request.fields["last-event-id"] ?? query["offset"]
      guard let last = given.flatMap({ RunOffset($0) }) else {
        throw KinoraError(
          .badField, "offset is missing or none that was given out", field: "offset",
          allowed: ["-1", "the id of an event"])
      }
      guard let record = try await newest(RunName.runKey, run, call.viewer) else {
        throw KinoraError(.notFound, "there is no run \(run.prefix(80).debugDescription)")
      }
      let kind = RunFraming.kind(call.request.fields)
      let framing = RunFraming(kind: kind == .object ? .events : kind, tellsOffsets: true)
      return stream(record, framing, after: last, call)
    }
  }

  /// A thread that nobody knows is new, not wrong: its client takes 404 for a failure.
  private func hydrate(_ thread: String, _ call: Call) async throws(KinoraError) -> HTTPResponse {
    guard let record = try await newest(RunName.threadKey, thread, call.viewer) else {
      return Answer.json(["resumeSnapshot": .null, "activeRun": .null])
    }
    let events = events(of: record)
    let isOver = record.state.isOutwardlyOver
    let failure = TanStackDoor.failure(of: record)
    var result: [JSONMember] = [JSONMember("providerJobId", .string(record.id.rawValue))]
    if record.state == .completed {
      result.append(JSONMember("status", "completed"))
      result.append(JSONMember("artifacts", events.artifacts(record, call.request)))
    }
    var snapshot: [JSONMember] = [
      JSONMember("schemaVersion", 1),
      JSONMember(
        "resumeState",
        isOver
          ? .null : ["threadId": .string(events.threadID), "runId": .string(events.runID)]),
      JSONMember(
        "status", isOver ? (failure == nil ? "complete" : "error") : "running"),
      JSONMember("activity", "video"), JSONMember("result", .object(result)),
    ]
    if let failure {
      snapshot.append(
        JSONMember(
          "error", ["message": .string(failure.message), "code": .string(failure.code)]))
    }
    return Answer.json([
      "resumeSnapshot": .object(snapshot),
      "activeRun": isOver ? .null : ["runId": .string(events.runID)],
    ])
  }

  /// `DELETE ?runId=…`: stops the run at the provider too, where that can be done. Closing the stream
  /// stops nothing.
  func tanstackAbort(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["runId"])
      guard let run = query["runId"],
        let record = try await newest(RunName.runKey, run, call.viewer)
      else { throw KinoraError(.notFound, "there is no such run", field: "runId") }
      let after = try await service.cancel(record.id, call.viewer)
      return Answer.json(RunEvents.status(after))
    }
  }

  /// `GET …/jobs/ID`: the adapter's `getVideoStatus`, with the address once there is one.
  func tanstackStatus(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let record = try await service.job(call.job, call.viewer)
      var status = RunEvents.status(record)
      if record.state == .completed {
        status = status.setting("url", .string(TanStackDoor.url(record, call.request)))
      }
      var response = Answer.json(status)
      if !record.state.isOutwardlyOver { response.fields.append("Retry-After", "5") }
      return response
    }
  }

  /// `GET …/jobs/ID/url`: the adapter's `getVideoUrl`. 409 before the end.
  func tanstackURL(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let (record, _, _) = try await service.artifact(call.job, index: 0, call.viewer)
      let answer: JSON = [
        "jobId": .string(record.id.rawValue),
        "url": .string(TanStackDoor.url(record, call.request)),
      ]
      return Answer.json(
        events(of: record).expiry(record).map { answer.setting("expiresAt", $0) } ?? answer)
    }
  }

  func tanstackCancel(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      Answer.json(RunEvents.status(try await service.cancel(call.job, call.viewer)))
    }
  }

  /// The client's newest job with this member, or the one that is called so.
  private func newest(
    _ key: String, _ value: String, _ viewer: Viewer
  ) async throws(KinoraError) -> JobRecord? {
    var query = JobQuery()
    query.client = viewer.client
    query.metadata = [key: value]
    query.limit = 1
    let found = try await service.jobs(query, viewer).jobs.first?.id
    do throws(KinoraError) {
      return try await service.job(found ?? JobID(rawValue: value), viewer)
    } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
  }
}
