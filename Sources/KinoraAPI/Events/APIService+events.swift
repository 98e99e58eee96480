import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET /v1/videos/ID/events` and `GET /v1/events`.
extension APIService {
  /// Jobs whose present state a `reset` tells, newest first.
  private static let resetJobs = 1000
  private static let farewell = Array(": kinorad is stopping, come back\n".utf8)

  func videoEvents(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let given = try Self.given(call)
      let record = try await service.job(call.job, call.viewer)
      let subject = EventHub.Subject.job(call.job)
      guard let given else { return follow(subject, after: 0, call) }
      guard try await knows(given) else {
        let head = service.hub.head
        return follow(
          subject, after: head, call, preface: Self.reset(head, [record], hasMore: false))
      }
      if record.state.isOutwardlyOver {
        // 204 is what tells a browser's EventSource not to come back.
        let (events, upTo) = try await service.events(subject, after: given)
        if events.isEmpty, upTo >= service.hub.head { return HTTPResponse(status: 204) }
      }
      return follow(subject, after: given, call)
    }
  }

  func allEvents(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let subject = call.viewer.isAdmin ? EventHub.Subject.all : .client(call.viewer.client)
      guard let given = try Self.given(call) else {
        return follow(subject, after: service.hub.head, call)
      }
      if try await knows(given) { return follow(subject, after: given, call) }
      // The place is taken before the states are read: what happens in between is told twice rather
      // than not at all.
      let head = service.hub.head
      var query = JobQuery()
      query.limit = Self.resetJobs
      let page = try await service.jobs(query, call.viewer)
      return follow(
        subject, after: head, call, preface: Self.reset(head, page.jobs, hasMore: page.hasMore))
    }
  }

  private func follow(
    _ subject: EventHub.Subject, after last: Int64, _ call: Call, preface: [UInt8] = []
  ) -> HTTPResponse {
    let follower = EventFollower(
      service: service, subject: subject, viewer: call.viewer, last: last, preface: preface,
      isStopping: { [admin] in admin.isDraining }, clock: clock)
    return HTTPResponse(
      status: 200,
      fields: ["Content-Type": "text/event-stream", "X-Accel-Buffering": "no"],
      body: .stream(HTTPStreaming(farewell: Self.farewell) { await follower.run($0) }))
  }

  /// 0 is before everything; any other id is one that was given out.
  private func knows(_ seq: Int64) async throws(KinoraError) -> Bool {
    if seq == 0 { return true }
    return try await service.event(seq: seq) != nil
  }

  /// The id that the client has: `Last-Event-ID`, which is newer than the address, else `?after=`.
  /// Nil when it names none; -1, which is never known, for one that is no number.
  private static func given(_ call: Call) throws(KinoraError) -> Int64? {
    let text = try call.query(["after"])["after"]
    let seq = text.flatMap { Int64($0) }
    guard text == nil || (seq ?? -1) >= 0 else {
      throw KinoraError(
        .badField, "after must be the id of an event, or 0", field: "after", allowed: ["0…"])
    }
    guard let field = call.request.fields["last-event-id"], !field.isEmpty else { return seq }
    return Int64(field).flatMap { $0 >= 0 ? $0 : nil } ?? -1
  }

  /// One event with the present states, for a client whose id is of another history.
  private static func reset(
    _ head: Int64, _ records: [JobRecord], hasMore: Bool
  ) -> [UInt8] {
    var json = JSONWriter(capacity: 64 + records.count * 128)
    json.beginObject()
    json.key("jobs")
    json.beginArray()
    for record in records {
      json.beginObject()
      json.member("id", .string(record.id.rawValue))
      json.member("n", .integer(Int64(record.sequence)))
      json.member("state", .string(record.state.rawValue))
      json.member("status", .string(record.state.outward))
      json.endObject()
    }
    json.endArray()
    json.member("has_more", .bool(hasMore))
    json.endObject()
    var block = EventBlock(saysRetry: true)
    block.add(id: head, type: "reset", data: json.bytes)
    return block.bytes
  }
}
