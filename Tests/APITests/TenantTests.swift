import KinoraAPI
import KinoraCore
import KinoraHTTP
import KinoraModel
import Synchronization
import Testing

/// Tenants at the front door: settings, forms, notices. What is counted is proven at the store.
@Suite struct TenantTests {
  private func put(_ door: Door, _ json: String, tenant: String = "t1", uid: UInt32 = 1000) async
    -> Reply
  {
    await door.send(
      "PUT", "/v1/tenants/\(tenant)", fields: ["Content-Type": "application/json"],
      body: Array(json.utf8), uid: uid)
  }

  @Test("a new tenant has the defaults, and each client has tenants of its own [T72] [T73] [T74]")
  func defaults() async throws {
    let door = try await Door()
    let fresh = await door.get("/v1/tenants/t1").json
    #expect(fresh["enabled"] == true)
    #expect(
      fresh["quota"] == [
        "per_user_per_day": 3, "pool": 0, "pool_days": 365, "enabled": true,
      ])
    #expect(await put(door, #"{"enabled":false}"#).json["version"] == 2)
    #expect(await door.get("/v1/tenants/t1", uid: 1001).json["enabled"] == true)
    #expect(await door.get("/v1/tenants/t1?client=uid:1000", uid: 1001).status == 403)
    #expect(await door.get("/v1/tenants/t1?client=uid:1000", uid: 0).json["enabled"] == false)
    #expect(await door.get("/v1/tenants/" + String(repeating: "x", count: 129)).status == 400)
  }

  @Test("videos switched off are refused before anything else [T8] [T9]")
  func disabled() async throws {
    let door = try await Door()
    _ = await put(door, #"{"enabled":false}"#)
    for body in [
      #"{"prompt":"x","tenant":"t1"}"#, #"{"prompt":"x","tenant":"t1","model":"nobody/has"}"#,
    ] {
      let reply = await door.post("/v1/videos", body)
      #expect(reply.status == 403)
      #expect(reply.code == "video_disabled")
    }
    #expect(await door.post("/v1/videos", #"{"prompt":"x","tenant":"t2"}"#).status == 200)
    let capabilities = await door.get("/v1/capabilities?tenant=t1").json["video"]
    #expect(capabilities?["enabled"] == false)
    #expect(capabilities?["code"] == "video_disabled")
  }

  @Test("the model slot: unknown ids are refused, a request without a model gets it [T3] [T65]")
  func slot() async throws {
    let door = try await Door()
    let unknown = await put(door, #"{"model":"nope"}"#)
    #expect(unknown.status == 400 && unknown.code == "model_unknown" && unknown.param == "model")
    let set = await put(door, #"{"model":"org/wide"}"#).json
    #expect(set["model"] == "sample/org/wide" && set["provider"] == "sample")
    let job = await door.post("/v1/videos", #"{"prompt":"x","tenant":"t1"}"#).json
    #expect(job["model"] == "sample/org/wide")
    #expect(job["kinora"]?["tenant"] == "t1" && job["kinora"]?["tenant_version"] == 2)
    let named = await door.post("/v1/videos", #"{"prompt":"x","tenant":"t1","model":"c1"}"#)
    #expect(named.json["model"] == "sample/clip")
  }

  @Test("another provider empties the slot; only restore fills it again [T11] [T66] [T67]")
  func providers() async throws {
    let door = try await Door()
    _ = await put(door, #"{"model":"sample/clip"}"#)
    let other = await put(door, #"{"provider":"other"}"#).json
    #expect(other["model"] == .null)
    #expect(other["saved"]?[0]?["model"] == "sample/clip")
    let refused = await door.post("/v1/videos", #"{"prompt":"x","tenant":"t1"}"#)
    #expect(refused.status == 400 && refused.code == "model_not_configured")
    #expect(refused.allowed.contains("other/mystery"))
    #expect(refused.allowed.allSatisfy { $0.hasPrefix("other/") })
    #expect(await put(door, #"{"provider":"sample"}"#).json["model"] == .null)
    _ = await put(door, #"{"provider":"other"}"#)
    let back = await put(door, #"{"provider":"sample","restore":true}"#).json
    #expect(back["model"] == .null, "the slot was empty when it was left the last time")
    _ = await put(door, #"{"model":"sample/clip"}"#)
    _ = await put(door, #"{"provider":"other"}"#)
    let restored = await put(door, #"{"provider":"sample","restore":true}"#).json
    #expect(restored["model"] == "sample/clip")
    #expect(await put(door, #"{"provider":"nobody"}"#).allowed == ["other", "sample"])
    #expect(await put(door, #"{"provider":"other","model":"sample/clip"}"#).param == "model")
  }

  @Test("limits have ranges, and a wrong one changes nothing [T4] [T72] [T73] [T74]")
  func ranges() async throws {
    let door = try await Door()
    for (field, value) in [
      ("per_user_per_day", 101), ("per_user_per_day", -1), ("pool", 100_000), ("pool_days", 0),
      ("pool_days", 366),
    ] {
      let reply = await put(door, #"{"enabled":false,"quota":{"\#(field)":\#(value)}}"#)
      #expect(reply.status == 400 && reply.param == "quota.\(field)")
    }
    #expect(await door.get("/v1/tenants/t1").json["version"] == 1)
    let set = await put(door, #"{"quota":{"pool":99999},"image_quota":{"per_user_per_day":0}}"#)
    #expect(set.json["quota"]?["pool"] == 99_999)
    #expect(set.json["quota"]?["per_user_per_day"] == 3)
    #expect(set.json["image_quota"]?["per_user_per_day"] == 0)
    #expect(await put(door, #"{"qota":{}}"#).code == "unknown_field")
  }

  @Test("resets name their scope and user [T5]")
  func resets() async throws {
    let door = try await Door()
    for body in [
      #"{"scope":"user"}"#, #"{"scope":"pool","user":"u"}"#, #"{"scope":"all"}"#,
      #"{"scope":"pool","kind":"text"}"#,
    ] {
      #expect(await door.post("/v1/tenants/t1/quota/reset", body).status == 400, "\(body)")
    }
    let reply = await door.post(
      "/v1/tenants/t1/quota/reset", #"{"scope":"user","user":"u1","kind":"image"}"#)
    #expect(reply.json["image"]?["user"]?["user"] == "u1")
  }

  @Test("the form is made of what the model takes, duration required, fps and image not [T13]")
  func form() async throws {
    let door = try await Door()
    let form = await door.get("/v1/forms/generate-video?tenant=t1").json
    #expect(form["required"] == ["prompt", "duration"])
    let fields = form["properties"]
    #expect(fields?["fps"]?["type"] == "integer" && fields?["fps"]?["enum"] == [24, 30])
    #expect(fields?["image"]?["x-field"] == "input_reference")
    #expect(fields?["aspect_ratio"]?["enum"] == ["16:9", "9:16", "1:1"])
    #expect(fields?["duration"]?["minimum"] == 1 && fields?["duration"]?["maximum"] == 20)
    #expect(form["order"]?[0] == "prompt")
    // Another model, another form.
    _ = await put(door, #"{"model":"org/wide"}"#)
    let wide = await door.get("/v1/forms/generate-video?tenant=t1").json["properties"]
    #expect(wide?["fps"] == nil)
    #expect(wide?["duration"]?["enum"] == [4, 5, 8])
    #expect(wide?["resolution"]?["enum"] == ["480p", "720p", "1080p"])
    // Every value that it offers is taken.
    for shape in fields?["aspect_ratio"]?["x-values"]?.members ?? [] {
      let size = shape.value.string ?? ""
      let quote = await door.post(
        "/v1/quote", #"{"prompt":"x","model":"clip","size":"\#(size)","duration":20}"#)
      #expect(quote.status == 200, "\(shape.key): \(quote.text)")
    }
  }

  @Test("capabilities say what is possible and why not what is not [T7]")
  func capabilities() async throws {
    let door = try await Door()
    let video = await door.get("/v1/capabilities?tenant=t1&user=u1").json["video"]
    #expect(video?["enabled"] == true && video?["model"] == "sample/clip")
    #expect(video?["kinds"]?["extend"] == ["possible": true, "reason": .null])
    #expect(video?["audio"]?["reason"] == "sample/clip makes no sound")
    #expect(video?["quota"]?["user"]?["remaining"] == 3)
    let wide = await door.get("/v1/capabilities?model=org/wide").json["video"]
    #expect(wide?["kinds"]?["extend"]?["reason"] == "sample/org/wide cannot do it")
    #expect(wide?["quota"] == .null)
    let image = await door.get("/v1/capabilities").json["image"]
    #expect(image?["enabled"] == false && image?["reason"]?.string?.isEmpty == false)
  }

  @Test("a user whose quota is used up is told when it resets [T7]")
  func usedUp() async throws {
    let tenants = MemoryTenants()
    tenants.used.withLock { $0 = 3 }
    let door = try await Door(tenants: tenants)
    let video = await door.get("/v1/capabilities?tenant=t1&user=u1").json["video"]
    #expect(video?["enabled"] == false && video?["code"] == "quota_exceeded")
    #expect(video?["reason"]?.string?.contains("resets at") == true)
  }

  @Test(
    "the notice has the model, the user's own words and the time, line by line [T18] [T19] [T20] [T21]"
  )
  func notice() async throws {
    let door = try await Door()
    let words = String(repeating: #"a\n`b` "#, count: 500)
    let long = await door.post("/v1/videos", #"{"prompt":"\#(words)"}"#).json["kinora"]?["notice"]
    let line = long?["prompt_line"]?.string ?? ""
    #expect(line.count <= 720 && line.hasSuffix("…") && !line.contains("\n"))
    #expect(line.hasPrefix(#"Prompt: a \`b\` a"#))
    #expect(long?["model_line"] == "Model: sample/clip")
    #expect(long?["reference_line"] == .null)
    #expect(long?["timing_line"] == "Usually takes 1–3 minutes")
    let family = String(repeating: "👨‍👩‍👧‍👦", count: 701)
    let emoji = await door.post("/v1/videos", #"{"prompt":"\#(family)"}"#)
    let shown = emoji.json["kinora"]?["notice"]?["prompt_line"]?.string ?? ""
    #expect(shown == "Prompt: " + String(repeating: "👨‍👩‍👧‍👦", count: 700) + "…")
  }

  @Test("words that a tenant adds are sent and never shown [T22]")
  func suffix() async throws {
    let door = try await Door()
    _ = await put(door, #"{"prompt_suffix":"SECRETSTYLE"}"#)
    let reply = await door.post("/v1/videos", #"{"prompt":"a boat","tenant":"t1"}"#)
    #expect(!reply.text.contains("SECRETSTYLE"))
    let id = JobID(rawValue: reply.json["id"]?.string ?? "")
    #expect(try await door.store.job(id)?.tenantTerms?.promptSuffix == "SECRETSTYLE")
    let most = 32 * 1024 - " SECRETSTYLE".utf8.count
    for (length, status) in [(most, 200), (most + 1, 413)] {
      let prompt = String(repeating: "x", count: length)
      let reply = await door.post("/v1/videos", #"{"prompt":"\#(prompt)","tenant":"t1"}"#)
      #expect(reply.status == status)
    }
  }

  @Test("what a model took before is told beforehand [T21]")
  func timings() {
    let timings = Timings()
    #expect(timings.typical(provider: "p", model: "m") == nil)
    for seconds in 1...10 {
      var record = JobRecord(
        id: JobID(rawValue: "j"), client: "c", principal: "p", door: "videos", createdAt: 0,
        request: GenerationRequest(model: "m", prompt: ""), kind: .textToVideo, provider: "p",
        plugin: "p", model: "m", seed: "", terms: SubmitTerms(),
        quote: Quote(amount: .zero, basis: "", source: ""), queueUntil: 0)
      record.state = .completed
      record.endedAt = Int64(seconds) * 10_000
      timings.note(record)
    }
    let typical = timings.typical(provider: "p", model: "m")
    #expect(typical == TypicalTime(median: 50_000, most: 90_000))
  }
}
