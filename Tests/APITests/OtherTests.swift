import KinoraAPI
import KinoraCore
import KinoraHTTP
import KinoraModel
import Synchronization
import Testing

/// Models, money, providers, health, figures.
@Suite struct OtherTests {
  @Test("models are listed by full id and found by every name")
  func models() async throws {
    let door = try await Door()
    let list = await door.get("/v1/models")
    let ids = list.json["data"]?.array?.compactMap { $0["id"]?.string }
    #expect(ids == ["sample/clip", "sample/org/wide", "other/mystery", "other/remixer"])
    let clip = list.json["data"]?[0]?["kinora"]
    #expect(clip?["seconds"] == ["min": 1, "max": 20, "step": 1])
    #expect(clip?["inputs"] == ["first_frame": 1, "last_frame": 1, "reference": 3])
    #expect(clip?["prices"]?[0]?["usd"] == "0.01")
    #expect(clip?["ready"] == true)
    for name in ["sample/org/wide", "org/wide", "sample%2Forg%2Fwide"] {
      let reply = await door.get("/v1/models/\(name)")
      #expect(reply.status == 200, "\(name)")
      #expect(reply.json["id"] == "sample/org/wide")
    }
    #expect(await door.get("/v1/models/sample%2F..%2Fclip").status == 404)
    #expect(await door.get("/v1/videos/a%2Fb").status == 404)
    let missing = await door.get("/v1/models/sample/clipp")
    #expect(missing.status == 404)
    #expect(missing.allowed.contains("sample/clip"))
  }

  @Test("a quote tells the price, what is left, and makes nothing")
  func quote() async throws {
    let door = try await Door(hostCap: MicroUSD(1_000_000))
    _ = await door.make()
    let reply = await door.post(
      "/v1/quote", #"{"prompt":"x","model":"org/wide","seconds":8,"audio":true}"#)
    #expect(reply.json["model"] == "sample/org/wide")
    #expect(reply.json["microusd"] == 3_200_000)
    #expect(reply.json["usd"] == "3.20")
    #expect(
      reply.json["budget"]?[0] == [
        "scope": "host", "cap_microusd": 1_000_000, "left_microusd": 950_000,
      ])
    #expect(reply.json["budget"]?[1]?["scope"] == "client:uid:1000")
    #expect(reply.json["warnings"]?[0]?["message"]?.string?.contains("2027-01-01") == true)
    #expect(try await door.store.jobs(JobQuery()).jobs.count == 1)
  }

  @Test("usage shows own scopes, all to root")
  func usage() async throws {
    let door = try await Door()
    _ = await door.make(#"{"prompt":"x","user":"eve"}"#)
    _ = await door.make(uid: 1001)
    let day = UTC.day(TestClock.start)
    let own = await door.get("/v1/usage")
    #expect(own.json["day"]?.string == day)
    #expect(
      own.json["data"]?.array?.compactMap { $0["scope"]?.string }
        == ["client:uid:1000", "user:uid:1000/eve"])
    #expect(own.json["data"]?[0]?["reserved_microusd"] == 50_000)
    let all = await door.get("/v1/usage?day=all", uid: 0)
    #expect(all.json["data"]?.array?.count == 4)
    #expect(await door.get("/v1/usage?day=2000-01-01").json["data"] == [])
    #expect(await door.get("/v1/usage?day=yesterday").param == "day")
  }

  @Test("a provider's state is the worst that is known of it")
  func providers() async throws {
    let door = try await Door()
    func facts(_ name: String, problem: String? = nil, isEnabled: Bool = true) -> ProviderFacts {
      ProviderFacts(
        name: name, plugin: name, baseURL: "https://a.example", isEnabled: isEnabled,
        problem: problem, configuredTransport: "auto", effectiveTransport: .curl,
        transportReason: "catalog default",
        credentials: [.init(name: "api_key", source: "env KEY", isFound: false)],
        maxConcurrent: 4)
    }
    door.admin.knobs.withLock {
      $0.providers = [
        facts("sample"), facts("gone", problem: "no plugin"), facts("off", isEnabled: false),
      ]
    }
    let reply = await door.get("/v1/providers")
    let states = reply.json["data"]?.array?.compactMap { $0["state"]?.string }
    #expect(states == ["paused", "unavailable", "paused"])
    #expect(reply.json["data"]?[0]?["transport"]?["effective"] == "curl")
    #expect(
      reply.json["data"]?[0]?["credentials"]?[0]
        == ["name": "api_key", "source": "env KEY", "found": false])
    await door.engine.setPaused(false)
    #expect(await door.get("/v1/providers").json["data"]?[0]?["state"] == "ok")
  }

  @Test("the daemon's own answers")
  func administration() async throws {
    let door = try await Door()
    #expect(await door.get("/v1/version").json == ["version": "1.2.3", "abi": "1.0", "schema": 4])
    #expect(await door.get("/v1/plugins").json["data"]?[0]?["state"] == "loaded")
    let doctor = await door.get("/v1/doctor", uid: 0)
    #expect(doctor.json["ok"] == false)
    #expect(doctor.json["checks"]?[0]?["fix"] == "make room")
    #expect(await door.get("/v1/config", uid: 0).json == ["version": 1])
    #expect(await door.post("/v1/pause", "", uid: 0).json == ["paused": true])
    #expect(await door.post("/v1/resume", "", uid: 0).json == ["paused": false])
    #expect(door.admin.knobs.withLock { $0.paused } == [true, false])
    #expect(await door.post("/v1/reload", "", uid: 0).json == ["reloaded": true])
    door.admin.knobs.withLock {
      $0.reloadErrors = [
        KinoraError(.configuration, "a.yaml:3:1: unknown key"),
        KinoraError(.configuration, "a.yaml:9:4: not a number"),
      ]
    }
    let bad = await door.post("/v1/reload", "", uid: 0)
    #expect(bad.status == 400)
    #expect(bad.json["errors"]?.array?.count == 2)
    #expect(bad.json["errors"]?[1]?["detail"] == "a.yaml:9:4: not a number")
  }

  @Test("health: alive, ready, and why not [P21]")
  func health() async throws {
    let door = try await Door()
    #expect(await door.get("/livez").text == "ok\n")
    #expect(await door.get("/readyz").text == "ok\n")
    door.admin.knobs.withLock {
      $0.readiness.append(ReadinessCheck(name: "disk", problem: "12 MiB free"))
    }
    let reply = await door.get("/readyz?verbose")
    #expect(reply.status == 503)
    #expect(reply.text == "[+]store ok\n[-]disk 12 MiB free\nnot ready\n")
  }

  @Test("figures are Prometheus text: each name told once, each counter _total [P21]")
  func metrics() async throws {
    let door = try await Door(hostCap: MicroUSD(1_000_000))
    _ = await door.make()
    _ = await door.get("/v1/nothing")
    let reply = await door.get("/metrics")
    #expect(reply["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
    let lines = reply.text.components("\n")
    #expect(lines.contains(#"kinora_jobs{state="queued"} 1"#))
    #expect(
      lines.contains(
        #"kinora_http_requests_total{route="/v1/videos",method="POST",code="200"} 1"#))
    #expect(
      lines.contains(#"kinora_http_requests_total{route="none",method="GET",code="404"} 1"#))
    #expect(
      lines.contains(
        #"kinora_jobs_created_total{provider="sample",model="clip",via="videos"} 1"#))
    #expect(lines.contains("kinora_reserved_usd 0.05"))
    #expect(lines.contains(#"kinora_budget_remaining_usd{scope="host"} 0.95"#))
    #expect(lines.contains("kinora_submit_unknown_jobs 0"))
    #expect(lines.contains("kinora_held_jobs 0"))
    #expect(lines.contains("process_open_fds 12"))
    var kinds: [String: String] = [:]
    for line in lines where line.hasPrefix("# TYPE ") {
      let words = line.components(" ")
      #expect(kinds.updateValue(words[3], forKey: words[2]) == nil)
      #expect((words[3] == "counter") == words[2].hasSuffix("_total"), "\(line)")
    }
    for line in lines where !line.isEmpty && !line.hasPrefix("#") {
      let name = String(line.prefix { $0 != "{" && $0 != " " })
      #expect(kinds[name] != nil, "\(line)")
      #expect(Double(line.components(" ").last ?? "") != nil, "\(line)")
    }
  }
}
