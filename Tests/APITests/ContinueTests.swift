import KinoraHTTP
import KinoraModel
import Testing

/// Remix, edit and extend in the OpenAI clients' own words; how far a job is.
@Suite struct ContinueTests {
  private func completed(_ door: Door, _ model: String) async throws -> JobID {
    let first = await door.post(
      "/v1/videos", #"{"prompt":"a boat","model":"\#(model)","seconds":4,"max_cost_usd":1}"#)
    let id = JobID(rawValue: first.json["id"]?.string ?? "")
    try await door.move(id, to: .completed) { $0.resultHandle = "h1" }
    return id
  }

  @Test("a remix takes model, length and shape of its source; the key makes one job of two [A126]")
  func remix() async throws {
    let door = try await Door()
    let id = try await completed(door, "remixer")
    let path = "/v1/videos/\(id)/remix"
    let reply = await door.post(path, #"{"prompt":"at night"}"#, ["Idempotency-Key": "k"])
    #expect(reply.status == 200, "\(reply.detail)")
    #expect(reply.json["model"] == "other/remixer")
    #expect(reply.json["seconds"] == "4")
    #expect(reply.json["remixed_from_video_id"] == .string(id.rawValue))
    #expect(reply.json["kinora"]?["kind"] == "remix")
    #expect(reply["Location"] == "/v1/videos/\(reply.json["id"]?.string ?? "")")
    let again = await door.post(path, #"{"prompt":"at night"}"#, ["Idempotency-Key": "k"])
    #expect(again.json["id"] == reply.json["id"])
    #expect(again["Idempotent-Replayed"] == "true")
    #expect(await door.post(path, #"{"prompt":"x","seconds":8}"#).code == "unknown_field")
    #expect(await door.post(path, #"{"prompt":""}"#).code == "prompt_missing")
  }

  @Test("edits and extensions name their video; what a model cannot is 501 and who can [A126]")
  func others() async throws {
    let door = try await Door()
    let able = try await completed(door, "remixer")
    let clip = try await completed(door, "clip")
    func post(_ path: String, _ id: JobID, _ more: String = "") async -> Reply {
      await door.post(
        "/v1/videos/\(path)", #"{"prompt":"on","video":{"id":"\#(id)"}\#(more)}"#)
    }
    #expect(await post("edits", able).json["kinora"]?["kind"] == "edit")
    let longer = await post("extensions", clip, #","seconds":7"#)
    #expect(longer.json["kinora"]?["kind"] == "extend")
    #expect(longer.json["seconds"] == "7")
    let cannot = await post("extensions", able)
    #expect(cannot.status == 501 && cannot.code == "not_supported")
    #expect(cannot.detail.contains("other/remixer cannot extend"))
    #expect(
      cannot.json["errors"]?[0]?["allowed"]?.array?.compactMap(\.string) == ["other/mystery"])
    #expect(await post("edits", JobID(rawValue: "video_none")).status == 404)
    let file = await door.post(
      "/v1/videos/edits", #"{"prompt":"x","video":"data:video/mp4;base64,AA"}"#)
    #expect(file.param == "video" && file.detail.contains("files are not taken"))
    let fresh = await door.make()
    #expect(await post("extensions", fresh).code == "not_ready")
    // Somebody else's result does not exist.
    let foreign = await door.post(
      "/v1/videos/\(able)/remix", #"{"prompt":"x"}"#, uid: 1001)
    #expect(foreign.status == 404)
  }

  @Test(
    "progress: the provider's word, a marked guess that rises, the place in the queue [A103] [A115]"
  )
  func progress() async throws {
    let door = try await Door()
    let jobs = [await door.make(), await door.make(), await door.make(uid: 1001)]
    let waiting = await door.get("/v1/videos/\(jobs[1])/progress").json
    #expect(waiting["object"] == "video.progress")
    #expect(waiting["state"] == "queued")
    #expect(waiting["estimate"] == .null)
    // The other client's job has its turn between the two.
    #expect(
      waiting["queue"] == ["position": 3, "waiting": 3, "running": 0, "max_concurrent": 4])
    try await door.move(jobs[0], to: .running) {
      $0.submittedAt = TestClock.start - 30_000
      $0.typical = TypicalTime(median: 60_000, most: 100_000)
    }
    let running = await door.get("/v1/videos/\(jobs[0])/progress").json
    #expect(running["queue"] == .null)
    #expect(running["progress_permille"] == .null)
    let estimate = try #require(running["estimate"])
    #expect(estimate["estimated"] == true)
    #expect((300...950).contains(estimate["permille"]?.integer ?? 0), "\(estimate)")
    #expect(estimate["typical_seconds"] == 60 && estimate["most_seconds"] == 100)
    // The job itself tells no guess as progress.
    let job = await door.get("/v1/videos/\(jobs[0])").json
    #expect(job["progress"] == 0)
    #expect(job["kinora"]?["typical_seconds"] == ["half": 60, "most": 100])
    try await door.move(jobs[0], to: .running) { $0.progressPermille = 420 }
    let told = await door.get("/v1/videos/\(jobs[0])/progress").json
    #expect(told["progress_permille"] == 420)
    #expect(told["estimate"] == .null)
    #expect(await door.get("/v1/videos/\(jobs[0])/progress", uid: 1001).status == 404)
  }
}
