import KinoraCore
import KinoraHTTP
import KinoraModel
import Synchronization
import Testing

/// Server-sent events: nothing skipped, nothing twice, an end where there is one.
@Suite struct EventTests {
  /// The ids and types of a stream's events.
  private static func events(_ text: String) -> [String] {
    text.components("\n\n").compactMap { block in
      let lines = block.components("\n")
      guard let id = lines.first(where: { $0.hasPrefix("id: ") }),
        let type = lines.first(where: { $0.hasPrefix("event: ") })
      else { return nil }
      return "\(id.dropFirst(4)) \(type.dropFirst(7))"
    }
  }

  @Test("a job's stream begins at its first event and ends at its end")
  func whole() async throws {
    let door = try await Door()
    let id = await door.make()
    _ = await door.make(#"{"prompt":"other"}"#)
    let reply = await door.get("/v1/videos/\(id)/events")
    #expect(reply["Content-Type"] == "text/event-stream")
    async let text = reply.stream()
    try await door.move(id, to: .submitting)
    try await door.move(id, to: .running)
    try await door.move(id, to: .failed)
    let all = await text
    #expect(
      Self.events(all) == ["1 job.queued", "3 job.submitting", "4 job.running", "5 job.failed"])
    #expect(all.hasPrefix("retry: 2000\nid: 1\nevent: job.queued\ndata: {"))
    #expect(all.components("retry:").count == 2)
  }

  @Test("a reconnect gets what it missed, and 204 when the job is over and nothing came")
  func reconnect() async throws {
    let door = try await Door()
    let id = await door.make()
    try await door.move(id, to: .submitting)
    try await door.move(id, to: .held)
    let missed = await door.get("/v1/videos/\(id)/events", ["Last-Event-ID": "1"])
    #expect(Self.events(await missed.stream()) == ["2 job.submitting", "3 job.held"])
    let header = await door.get("/v1/videos/\(id)/events?after=1", ["Last-Event-ID": "2"])
    #expect(Self.events(await header.stream()) == ["3 job.held"])
    let over = await door.get("/v1/videos/\(id)/events?after=3")
    #expect(over.status == 204)
    // A held job that was adopted goes on: what came later is told.
    try await door.move(id, to: .running)
    try await door.move(id, to: .completed)
    let later = await door.get("/v1/videos/\(id)/events?after=3")
    #expect(Self.events(await later.stream()) == ["4 job.running", "5 job.completed"])
  }

  @Test(
    "an id that the log does not have gets the present state first", arguments: ["999", "x", "1"])
  func reset(_ id: String) async throws {
    let door = try await Door()
    let job = await door.make()
    try await door.move(job, to: .submitting)
    door.store.prune(through: 1)
    // A memory that reaches back further would still know the pruned event.
    let reply = await door.get(
      "/v1/videos/\(job)/events", ["Last-Event-ID": id == "1" ? "77" : id])
    let text = await reply.stream { $0.contains("\n\n") }
    #expect(Self.events(text) == ["2 reset"])
    #expect(text.contains(#""state":"submitting""#))
    let all = await door.get("/v1/events", ["Last-Event-ID": "999"])
    #expect(Self.events(await all.stream { $0.contains("\n\n") }) == ["2 reset"])
  }

  @Test("the stream of all own jobs begins now, shows own jobs alone, and goes on")
  func all() async throws {
    let door = try await Door()
    _ = await door.make()
    let own = await door.get("/v1/events")
    let root = await door.get("/v1/events", uid: 0)
    async let ownText = own.stream { $0.contains("5 ") || $0.contains("id: 4") }
    async let rootText = root.stream { $0.contains("id: 4") }
    _ = await door.make(#"{"prompt":"b"}"#, uid: 1001)
    let id = await door.make(#"{"prompt":"c"}"#)
    try await door.move(id, to: .failed)
    #expect(Self.events(await ownText) == ["3 job.queued", "4 job.failed"])
    #expect(Self.events(await rootText) == ["2 job.queued", "3 job.queued", "4 job.failed"])
    let replay = await door.get("/v1/events?after=0")
    let text = await replay.stream { $0.contains("id: 4") }
    #expect(Self.events(text) == ["1 job.queued", "3 job.queued", "4 job.failed"])
  }

  @Test("a foreign job has no stream, and an id must be a number")
  func refusals() async throws {
    let door = try await Door()
    let id = await door.make()
    #expect(await door.get("/v1/videos/\(id)/events", uid: 1001).status == 404)
    #expect(await door.get("/v1/events?after=x").param == "after")
  }

  @Test("followers of a hub that closed wait for the server's farewell")
  func stopping() async throws {
    let door = try await Door()
    let id = await door.make()
    let reply = await door.get("/v1/videos/\(id)/events")
    guard case .stream(let streaming) = reply.response.body else {
      Issue.record("no stream")
      return
    }
    #expect(streaming.farewell.starts(with: Array(": ".utf8)))
    #expect(streaming.heartbeat == Array(": keep-alive\n".utf8))
    door.admin.knobs.withLock { $0.isDraining = true }
    door.hub.close()
    let text = await reply.stream { $0.contains("job.queued") }
    #expect(Self.events(text) == ["1 job.queued"])
  }
}

extension String {
  /// The parts between separators.
  func components(_ separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}
