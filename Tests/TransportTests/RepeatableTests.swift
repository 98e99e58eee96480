import Glibc
import KinoraModel
import KinoraTransport
import Synchronization
import Testing

/// What all three transports do alike for requests that may be repeated.
@Suite struct RepeatableTests {
  static let all = TransportKind.allCases

  @Test("a poll brings the answer, its fields and the plugin's tag", arguments: all)
  func poll(kind: TransportKind) async throws {
    let server = TestServer { _, connection in connection.json("{\"status\":\"running\"}") }
    let fixture = try Fixture(server.base, kind)
    let exchange = await fixture.send(get(server.base + "/v/1?x=a%20b") { $0.tag = "poll" })
    let response = try #require(exchange.response)
    #expect(response.status == 200)
    #expect(response.body == Array("{\"status\":\"running\"}".utf8))
    #expect(response.field("content-type") == "application/json")
    #expect(response.tag == "poll")
    #expect(exchange.transport == kind)
    #expect(exchange.reason == "configured")
    let seen = try #require(server.requests.first)
    #expect(seen.path == "/v/1?x=a%20b")
    #expect(seen.field("authorization") == "Bearer \(Fixture.canary)")
    #expect(seen.field("cookie") == nil)
  }

  @Test("a status that is no success is an answer all the same", arguments: all)
  func errorStatus(kind: TransportKind) async throws {
    let server = TestServer { _, connection in
      connection.json("{\"error\":\"slow down\"}", status: "429 Too Many Requests")
    }
    let fixture = try Fixture(server.base, kind)
    let exchange = await fixture.send(get(server.base + "/v/1"))
    #expect(exchange.response?.status == 429)
    #expect(exchange.response?.body == Array("{\"error\":\"slow down\"}".utf8))
  }

  @Test("a redirect of a poll is given back, not followed", arguments: all)
  func redirect(kind: TransportKind) async throws {
    let server = TestServer { _, connection in
      connection.send("HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n")
    }
    let fixture = try Fixture(server.base, kind)
    let exchange = await fixture.send(get(server.base + "/v/1"))
    #expect(exchange.response?.status == 302)
    #expect(server.requests.map(\.path) == ["/v/1"])
  }

  @Test("an answer over the cap ends the exchange, with or without a length", arguments: all)
  func cap(kind: TransportKind) async throws {
    let big = [UInt8](repeating: UInt8(ascii: "x"), count: 300_000)
    let server = TestServer { request, connection in
      let length = request.path == "/known" ? "content-length: 300000\r\n" : ""
      connection.send("HTTP/1.1 200 OK\r\nconnection: close\r\n\(length)\r\n")
      connection.send(big)
      return false
    }
    let fixture = try Fixture(server.base, kind)
    for path in ["/known", "/unknown"] {
      let exchange = await fixture.send(get(server.base + path) { $0.maxBody = 100_000 })
      #expect(exchange.failure?.error.code == .tooLarge)
    }
    let whole = await fixture.send(get(server.base + "/known") { $0.maxBody = 300_000 })
    #expect(whole.response?.body.count == 300_000)
  }

  @Test("the whole exchange has a time limit, also while bytes trickle in", arguments: all)
  func deadline(kind: TransportKind) async throws {
    let server = TestServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
      for _ in 0..<600 {
        if !connection.send("x") { return false }
        usleep(100_000)
      }
      return false
    }
    let fixture = try Fixture(server.base, kind)
    let start = ContinuousClock.now
    let exchange = await fixture.send(get(server.base + "/slow") { $0.timeout = 500 })
    #expect(exchange.failure?.error.code == .providerUnavailable)
    #expect(ContinuousClock.now - start < .seconds(50))
  }

  @Test("cancelling the task ends the exchange", arguments: all)
  func cancel(kind: TransportKind) async throws {
    let server = TestServer { _, connection in
      _ = connection.readRequest(0)
      return false
    }
    let fixture = try Fixture(server.base, kind)
    let start = ContinuousClock.now
    let task = Task { await fixture.send(get(server.base + "/hang")) }
    try await Task.sleep(for: .milliseconds(300))
    task.cancel()
    #expect(await task.value.failure?.error.code == .cancelled)
    #expect(ContinuousClock.now - start < .seconds(40))
  }

  @Test("in a shared curl process an answer does not wait for one that hangs")
  func company() async throws {
    let release = Mutex(false)
    let server = TestServer { request, connection in
      while request.path == "/hang", !release.withLock({ $0 }) { usleep(5_000) }
      return connection.json("{\"path\":\"\(request.path)\"}")
    }
    // A window wide enough for both to share a process.
    let fixture = try Fixture(server.base, .curl, coalesce: .seconds(2))
    async let hanging = fixture.send(get(server.base + "/hang") { $0.timeout = 120_000 })
    let quick = await fixture.send(get(server.base + "/quick") { $0.timeout = 120_000 })
    #expect(quick.response?.body == Array("{\"path\":\"/quick\"}".utf8))
    #expect(server.requests.map(\.path).sorted() == ["/hang", "/quick"])
    release.withLock { $0 = true }
    #expect(await hanging.response?.body == Array("{\"path\":\"/hang\"}".utf8))
  }

  @Test("no connection is told from no answer", arguments: all)
  func failures(kind: TransportKind) async throws {
    let dead = try Fixture("http://127.0.0.1:1", kind)
    #expect(await dead.send(get("http://127.0.0.1:1/")).failure?.sent == .no)
    let server = TestServer { _, _ in false }
    let fixture = try Fixture(server.base, kind)
    #expect(await fixture.send(get(server.base + "/")).failure?.sent == .unknown)
  }

  @Test("a megabyte of random bytes arrives as it was sent [T35]", arguments: all)
  func binary(kind: TransportKind) async throws {
    let bytes = TestEntropy().bytes(1 << 20)
    let server = TestServer(type: "video/mp4", body: bytes)
    let fixture = try Fixture(server.base, kind)
    let spooled = await fixture.send(get(server.base + "/blob") { $0.streamsToFile = true })
    let spool = try #require(spooled.response?.spools.first)
    #expect(spool.ref == "out0")
    #expect(spool.pointer == "")
    #expect(spool.length == 1 << 20)
    #expect(spooled.response?.body == [])
    #expect(Folder.read(spool.path) == bytes)
    let memory = await fixture.send(get(server.base + "/blob"))
    #expect(memory.response?.body == bytes)
    let path = fixture.file("asset")
    let download = await fixture.download(
      get(server.base + "/blob"), to: path, limit: 1 << 20)
    #expect(download.response?.status == 200)
    #expect(download.response?.spools.first?.length == 1 << 20)
    #expect(Folder.read(path) == bytes)
  }

  @Test("early hints before the answer are passed over [T38]", arguments: all)
  func earlyHints(kind: TransportKind) async throws {
    let server = TestServer { _, connection in
      connection.send("HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\nx-early: 1\r\n\r\n")
      return connection.json("{\"ok\":true}")
    }
    let fixture = try Fixture(server.base, kind)
    let exchange = await fixture.send(get(server.base + "/v"))
    #expect(exchange.response?.status == 200)
    #expect(exchange.response?.field("x-early") == nil)
    #expect(exchange.response?.body == Array("{\"ok\":true}".utf8))
  }

  @Test("a large body carries a length and no Expect [T41]", arguments: all)
  func upload(kind: TransportKind) async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base, kind)
    let bytes = TestEntropy().bytes(2 << 20)
    let path = fixture.file("input")
    Folder.write(bytes, to: path)
    let exchange = await fixture.send(
      get(server.base + "/upload") {
        $0.method = "POST"
        $0.parts = [
          .bytes([0x7b, 0]), .file(path: path, length: 2 << 20, base64: false), .bytes([0, 0x7d]),
        ]
      })
    #expect(exchange.response?.status == 200)
    let seen = try #require(server.requests.first)
    #expect(seen.field("expect") == nil)
    #expect(seen.field("transfer-encoding") == nil)
    #expect(seen.field("content-length") == String((2 << 20) + 4))
    #expect(seen.body == [0x7b, 0] + bytes + [0, 0x7d])
  }
}
