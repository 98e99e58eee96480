import KinoraHTTP
import KinoraModel
import Synchronization
import Testing

/// POST /v1/videos beyond its fields: the answer, keys, repeats, trouble.
@Suite struct CreateTests {
  @Test("a job is made, told and found again [T45]")
  func made() async throws {
    let door = try await Door()
    let reply = await door.post("/v1/videos", #"{"prompt":"a boat","metadata":{"shot":"7"}}"#)
    let id = try #require(reply.json["id"]?.string)
    #expect(reply.status == 200)
    #expect(reply["Location"] == "/v1/videos/\(id)")
    #expect(reply["x-request-id"]?.hasPrefix("req_") == true)
    #expect(reply["Cache-Control"] == "no-store")
    #expect(reply["Idempotent-Replayed"] == nil)
    #expect(reply.json["status"] == "queued")
    #expect(reply.json["model"] == "sample/clip")
    #expect(reply.json["seconds"] == "5")
    #expect(reply.json["metadata"] == ["shot": "7"])
    #expect(reply.json["kinora"]?["cost"]?["reserved_microusd"] == 50_000)
    let found = await door.get("/v1/videos/\(id)")
    #expect(found.bytes == reply.bytes)
  }

  @Test("the same key and fields replay, other fields are refused")
  func key() async throws {
    let door = try await Door()
    let first = await door.post("/v1/videos", #"{"prompt":"x"}"#, ["Idempotency-Key": "k1"])
    let again = await door.post(
      "/v1/videos", #"{"n":1,"prompt":"x"}"#, ["Idempotency-Key": "k1"])
    #expect(again.json["id"] == first.json["id"])
    #expect(again["Idempotent-Replayed"] == "true")
    let other = await door.post("/v1/videos", #"{"prompt":"y"}"#, ["Idempotency-Key": "k1"])
    #expect(other.status == 422)
    #expect(other.code == "idempotency_conflict")
    #expect(other.json["errors"]?[0]?["header"] == "Idempotency-Key")
    let foreign = await door.post(
      "/v1/videos", #"{"prompt":"x"}"#, ["Idempotency-Key": "k1"], uid: 1001)
    #expect(foreign.status == 200)
    #expect(foreign.json["id"] != first.json["id"])
  }

  @Test("a key in quotes is the same key as the bare one")
  func quotedKey() async throws {
    let door = try await Door()
    let first = await door.post("/v1/videos", #"{"prompt":"x"}"#, ["Idempotency-Key": "k-1"])
    for form in [#""k-1""#, #""k-1"; a=b"#] {
      let again = await door.post("/v1/videos", #"{"prompt":"x"}"#, ["Idempotency-Key": form])
      #expect(again.json["id"] == first.json["id"], "\(form)")
      #expect(again["Idempotent-Replayed"] == "true")
    }
    let other = await door.post(
      "/v1/videos", #"{"prompt":"x"}"#, ["Idempotency-Key": #""k \" 1""#])
    #expect(other.status == 200)
    #expect(other.json["id"] != first.json["id"])
  }

  @Test(
    "a key is 1 to 255 visible characters, or a string in quotes",
    arguments: [
      "", "a b", "é", String(repeating: "k", count: 256), #""k"#, #""""#, #""k"x"#, #""k\x""#,
      #""é""#, #""\#(String(repeating: "k", count: 256))""#,
    ])
  func badKey(_ key: String) async throws {
    let door = try await Door()
    let reply = await door.post("/v1/videos", #"{"prompt":"x"}"#, ["Idempotency-Key": key])
    #expect(reply.status == 400)
    #expect(reply.param == "Idempotency-Key")
  }

  @Test("after an error that may have made the job, clients are told not to repeat")
  func unknownResult() async throws {
    let door = try await Door()
    door.store.fail(KinoraError(.storeFailed, "fsync failed"))
    let reply = await door.post("/v1/videos", #"{"prompt":"x"}"#)
    #expect(reply.status == 500)
    #expect(reply["x-should-retry"] == "false")
    door.store.fail(KinoraError(.storageFull, "no space"))
    let full = await door.post("/v1/videos", #"{"prompt":"x"}"#)
    #expect(full.status == 507)
    #expect(full["x-should-retry"] == nil)
    #expect(full["Retry-After"] != nil)
  }

  @Test("a full budget is 402, a full queue 429 with Retry-After, a full disk 507")
  func limits() async throws {
    let poor = try await Door(hostCap: MicroUSD(60_000))
    _ = await poor.make()
    let broke = await poor.post("/v1/videos", #"{"prompt":"y"}"#)
    #expect(broke.status == 402)
    #expect(broke.code == "budget_exceeded")
    let small = try await Door(maxQueued: 1)
    _ = await small.make()
    let full = await small.post("/v1/videos", #"{"prompt":"y"}"#)
    #expect(full.status == 429)
    #expect(full["Retry-After"] != nil)
    small.files.free.withLock { $0 = 1000 }
    let disk = await small.post("/v1/videos", #"{"prompt":"z"}"#, uid: 1001)
    #expect(disk.status == 507)
  }

  @Test("while the daemon stops, POST is 503 with Retry-After and reads go on")
  func draining() async throws {
    let door = try await Door()
    let id = await door.make()
    door.admin.knobs.withLock { $0.isDraining = true }
    let reply = await door.post("/v1/videos", #"{"prompt":"x"}"#)
    #expect(reply.status == 503)
    #expect(reply.code == "draining")
    #expect(reply["Retry-After"] == "2")
    #expect(reply["x-should-retry"] == nil)
    #expect(await door.get("/v1/videos/\(id)").status == 200)
    #expect(await door.get("/v1/videos/\(id)?wait=60").json["status"] == "queued")
  }

  @Test("a body that is neither JSON nor a form is 415")
  func mediaType() async throws {
    let door = try await Door()
    let form = await door.post(
      "/v1/videos", "prompt=x", ["Content-Type": "application/x-www-form-urlencoded"])
    #expect(form.status == 415)
    #expect(form.allowed == ["application/json", "multipart/form-data"])
    let bare = await door.send("POST", "/v1/videos", body: Array(#"{"prompt":"x"}"#.utf8))
    #expect(bare.status == 200)
  }

  @Test("an equal request is another job, unless the answer of the first never arrived")
  func attached() async throws {
    let door = try await Door()
    let first = await door.post("/v1/videos", #"{"prompt":"x"}"#)
    first.response.sent?(true)
    let second = await door.post("/v1/videos", #"{"prompt":"x"}"#)
    #expect(second.json["id"] != first.json["id"])
    #expect(second.json["kinora"]?["attached"] == false)
    second.response.sent?(false)
    door.stands.value.store(false, ordering: .relaxed)
    let third = await door.post("/v1/videos", #"{"prompt":"x"}"#)
    #expect(third.json["id"] == second.json["id"])
    #expect(third.json["kinora"]?["attached"] == true)
  }

  @Test("a client that marks its repeat gets the job whose connection has ended")
  func marked() async throws {
    let door = try await Door()
    let first = await door.post("/v1/videos", #"{"prompt":"x"}"#)
    first.response.sent?(true)
    let mark: HTTPFields = ["x-stainless-retry-count": "1"]
    let standing = await door.post("/v1/videos", #"{"prompt":"x"}"#, mark)
    #expect(standing.json["id"] != first.json["id"])
    standing.response.sent?(true)
    door.stands.value.store(false, ordering: .relaxed)
    let plain = await door.post(
      "/v1/videos", #"{"prompt":"x"}"#, ["x-stainless-retry-count": "0"])
    #expect(plain.json["kinora"]?["attached"] == false)
    let repeated = await door.post("/v1/videos", #"{"prompt":"x"}"#, mark)
    #expect(repeated.json["kinora"]?["attached"] == true)
  }

  @Test("an earlier job's result is gone on with when it is there and of the same provider")
  func source() async throws {
    let door = try await Door()
    let id = await door.make()
    let body = #"{"prompt":"more","source":{"job":"\#(id)"}}"#
    #expect(await door.post("/v1/videos", body).detail.contains("not completed"))
    try await door.move(id, to: .completed) { $0.resultHandle = "h1" }
    let foreign = await door.post("/v1/videos", body, uid: 1001)
    #expect(foreign.param == "source.job")
    let other = #"{"prompt":"a","model":"mystery","max_cost_usd":1,"source":{"job":"\#(id)"}}"#
    #expect(await door.post("/v1/videos", other).detail.contains("cannot go on"))
    let reply = await door.post("/v1/videos", body)
    #expect(reply.json["remixed_from_video_id"] == .string(id.rawValue))
    #expect(reply.json["kinora"]?["kind"] == "extend")
    let made = try await door.store.job(JobID(rawValue: reply.json["id"]?.string ?? ""))
    #expect(made?.request.sourceHandle == "h1")
  }

  @Test("what is done with an earlier result can be said; a remix keeps its length and shape")
  func remix() async throws {
    let door = try await Door()
    let first = await door.post(
      "/v1/videos", #"{"prompt":"a boat","model":"remixer","seconds":8,"max_cost_usd":1}"#)
    let id = JobID(rawValue: first.json["id"]?.string ?? "")
    try await door.move(id, to: .completed) { $0.resultHandle = "h1" }
    func post(_ more: String, _ use: String = "remix") async -> Reply {
      await door.post(
        "/v1/videos",
        #"{"prompt":"again","model":"remixer","source":{"job":"\#(id)","as":"\#(use)"}\#(more)}"#)
    }
    let reply = await post("")
    #expect(reply.json["kinora"]?["kind"] == "remix")
    #expect(reply.json["seconds"] == "8")
    #expect(reply.json["kinora"]?["cost"]?["reserved_microusd"] == 800_000)
    let edit = await post("", "edit")
    #expect(edit.json["kinora"]?["kind"] == "edit")
    #expect(edit.json["id"] != reply.json["id"])
    let longer = await post(#","seconds":4"#)
    #expect(longer.status == 400)
    #expect(longer.param == "seconds")
    #expect(longer.detail.contains("remix keeps length and shape"))
    let extended = await post("", "extend")
    #expect(extended.param == "source")
    #expect(extended.detail.contains("remixer cannot extend"))
    let unknown = await post("", "copy")
    #expect(unknown.param == "source.as")
    let framed = await post(#","input_reference":"https://a.example/b.png""#)
    #expect(framed.param == "input_reference", "\(framed.detail)")
  }
}
