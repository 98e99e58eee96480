import Glibc
import KinoraHTTP
import KinoraModel
import Testing

/// Reading jobs: one, many, their files.
@Suite struct GetTests {
  @Test("a job that is not yours does not exist; root and the daemon see all")
  func visibility() async throws {
    let door = try await Door()
    let id = await door.make()
    let foreign = await door.get("/v1/videos/\(id)", uid: 1001)
    let none = await door.get("/v1/videos/\(id)".replacing("video_", with: "video_f"), uid: 1001)
    #expect(foreign.status == 404)
    #expect(foreign.code == "not_found")
    #expect(
      foreign.detail.replacing(id.rawValue, with: "")
        == none.detail.replacing(
          id.rawValue.replacing("video_", with: "video_f"), with: ""))
    #expect(await door.get("/v1/videos/\(id)", uid: 0).status == 200)
    #expect(await door.get("/v1/videos/\(id)", uid: 990).status == 200)
  }

  @Test("the entity tag changes with the job, and answers 304 while it has not")
  func entityTag() async throws {
    let door = try await Door()
    let id = await door.make()
    let tag = try #require(await door.get("/v1/videos/\(id)")["ETag"])
    for condition in [tag, "\"x\", \(tag)", String(tag.dropFirst(2)), "*"] {
      let same = await door.get("/v1/videos/\(id)", ["If-None-Match": condition])
      #expect(same.status == 304, "\(condition)")
      #expect(same["ETag"] == tag)
    }
    try await door.move(id, to: .submitting)
    let changed = await door.get("/v1/videos/\(id)", ["If-None-Match": tag])
    #expect(changed.status == 200)
    #expect(changed.json["kinora"]?["state"] == "submitting")
  }

  @Test("?wait= answers at the end, and after its time with the present state")
  func wait() async throws {
    let door = try await Door()
    let id = await door.make()
    let early = await door.get("/v1/videos/\(id)?wait=1")
    #expect(early.json["status"] == "queued")
    async let late = door.get("/v1/videos/\(id)?wait=60")
    try await door.move(id, to: .submitting)
    try await door.move(id, to: .failed) { $0.failure = JobFailure(.providerRefused, "no") }
    let reply = await late
    #expect(reply.json["status"] == "failed")
    #expect(reply.json["error"]?["code"] == "provider_refused")
    for bad in ["-1", "601", "x"] {
      #expect(await door.get("/v1/videos/\(id)?wait=\(bad)").param == "wait")
    }
  }

  @Test("the list has pages, order, filters, and refuses what it does not know")
  func list() async throws {
    let door = try await Door()
    var ids: [String] = []
    for at in 0..<5 {
      let kind = at % 2 == 0 ? "even" : "odd"
      let job = await door.make(#"{"prompt":"\#(at)","metadata":{"kind":"\#(kind)"}}"#)
      ids.append(job.rawValue)
    }
    _ = await door.make(uid: 1001)
    func found(_ query: String) async -> [String] {
      let reply = await door.get("/v1/videos\(query)")
      return reply.json["data"]?.array?.compactMap { $0["id"]?.string } ?? [reply.text]
    }
    #expect(await found("") == ids.reversed())
    #expect(await found("?order=asc&limit=2") == Array(ids[0..<2]))
    #expect(await found("?order=asc&limit=2&after=\(ids[1])") == Array(ids[2..<4]))
    #expect(await found("?metadata[kind]=odd") == [ids[3], ids[1]])
    #expect(await found("?metadata%5Bkind%5D=odd&limit=1") == [ids[3]])
    try await door.move(JobID(rawValue: ids[0]), to: .held)
    #expect(await found("?status=failed") == [ids[0]])
    #expect(await found("?status=held,running") == [ids[0]])
    #expect(await found("?status=queued&order=asc") == Array(ids[1...]))
    #expect(await found("?provider=other").isEmpty)
    let page = await door.get("/v1/videos?limit=2")
    #expect(page.json["has_more"] == true)
    #expect(page.json["first_id"]?.string == ids[4])
    #expect(page.json["last_id"]?.string == ids[3])
    for (query, field) in [
      ("limit=0", "limit"), ("limit=1001", "limit"), ("order=up", "order"),
      ("status=runing", "status"), ("stauts=held", "stauts"), ("after=video_1", "after"),
    ] {
      let reply = await door.get("/v1/videos?\(query)")
      #expect(reply.status == 400)
      #expect(reply.param == field)
      #expect(reply.json["errors"]?[0]?["parameter"]?.string == field)
    }
  }

  @Test("the file is served with its type, a harmless name and its hash [T80] [T81]")
  func content() async throws {
    let door = try await Door()
    let id = await door.make()
    let early = await door.get("/v1/videos/\(id)/content")
    #expect(early.status == 409)
    #expect(early.code == "not_ready")
    let name = String(repeating: "a", count: 64)
    TestFiles.write(Array("ftyp".utf8), to: "\(door.files.folder)/\(name)")
    try await door.move(id, to: .completed) { record in
      record.createdAt = 1_795_248_000_123
      record.artifacts = [Artifact(sha256: name, bytes: 4, mime: "video/mp4")]
    }
    let reply = await door.get("/v1/videos/\(id)/content")
    #expect(reply["Content-Type"] == "video/mp4")
    #expect(reply["Content-Disposition"] == #"inline; filename="generated_1795248000123.mp4""#)
    #expect(reply["X-Content-Type-Options"] == "nosniff")
    #expect(reply.text == "ftyp")
    if case .file(let file) = reply.response.body { #expect(file.etag == name) }
    #expect(await door.get("/v1/videos/\(id)/content?index=1").param == "index")
    #expect(await door.get("/v1/videos/\(id)/content?variant=thumbnail").status == 501)
    #expect(await door.get("/v1/videos/\(id)/content", uid: 1001).status == 404)
    unlink("\(door.files.folder)/\(name)")
    #expect(await door.get("/v1/videos/\(id)/content").status == 410)
  }

  @Test("cancel, delete and resolve answer the job, or 409 with what to do")
  func decide() async throws {
    let door = try await Door()
    let id = await door.make()
    let live = await door.send("DELETE", "/v1/videos/\(id)")
    #expect(live.status == 409)
    #expect(live.detail.contains("/cancel"))
    #expect(live["x-should-retry"] == "false")
    let cancelled = await door.post("/v1/videos/\(id)/cancel", "")
    #expect(cancelled.json["kinora"]?["state"] == "cancelled")
    #expect(cancelled.json["error"]?["code"] == "cancelled")
    #expect(await door.post("/v1/videos/\(id)/cancel", "").status == 409)
    let deleted = await door.send("DELETE", "/v1/videos/\(id)")
    #expect(
      deleted.json == ["id": .string(id.rawValue), "object": "video.deleted", "deleted": true])
    #expect(await door.get("/v1/videos/\(id)").status == 404)
  }

  @Test(
    "a resolution says what it means",
    arguments: [
      (#"{"action":"adopt"}"#, "provider_id"), (#"{"action":"retry"}"#, "action"),
      (#"{"action":"give_up","provider_id":"a"}"#, "provider_id"), (#"{}"#, "action"),
      (#"{"act":"adopt"}"#, "act"),
    ])
  func badResolution(body: String, field: String) async throws {
    let door = try await Door()
    let id = await door.make()
    let reply = await door.post("/v1/videos/\(id)/resolve", body)
    #expect(reply.status == 400)
    #expect(reply.param == field)
    let right = await door.post("/v1/videos/\(id)/resolve", #"{"action":"not_charged"}"#)
    #expect(right.status == 409)
  }

  @Test("evidence is told in order")
  func evidence() async throws {
    let door = try await Door()
    let id = await door.make()
    door.store.note(
      id,
      EvidenceRow(attempt: 1, ordinal: 1, kind: "permit", at: TestClock.start, detail: ["a": 1]))
    let reply = await door.get("/v1/videos/\(id)/evidence")
    #expect(reply.json["data"]?[0]?["kind"] == "permit")
    #expect(reply.json["data"]?[0]?["detail"] == ["a": 1])
    #expect(await door.get("/v1/videos/\(id)/evidence", uid: 1001).status == 404)
  }
}
