import KinoraModel
import KinoraTransport
import Synchronization
import Testing

/// The paid path by libcurl.
@Suite struct PaidSubmitTests {
  @Test("a paid submit of a urlsession provider goes by libcurl on a fresh connection")
  func fresh() async throws {
    let server = TestServer { _, connection in connection.json("{\"id\":\"a\"}") }
    let fixture = try Fixture(server.base)
    for _ in 0..<3 {
      let permit = PermitCounter()
      let exchange = await fixture.send(paid(server.base + "/videos"), permit: permit.permit)
      #expect(exchange.response?.status == 200)
      #expect(exchange.transport == .libcurl)
      #expect(exchange.reason == "paid")
      #expect(exchange.httpVersion == "1.1")
      #expect(permit.asked == 1)
      #expect(exchange.evidence["num_connects"] == 1)
      #expect(exchange.evidence["hook_calls"] == 1)
    }
    #expect(server.connectionCount == 3)
    let first = try #require(server.requests.first)
    #expect(first.field("authorization") == "Bearer \(Fixture.canary)")
    #expect(first.field("expect") == nil)
    #expect(first.field("user-agent") == "kinora")
    #expect(first.body == Array("{\"prompt\":1}".utf8))
    #expect(fixture.points.list.prefix(3) == TransportPoint.all[...])
  }

  @Test("a server that dies after reading a paid POST has seen it once, and the outcome is unknown")
  func dyingServer() async throws {
    // The first request of a connection is answered, the second one is read and dropped: the way
    // in which a pooled connection makes libcurl send a POST twice.
    let server = TestServer { request, connection in
      request.path == "/die" ? false : connection.json("{}")
    }
    let fixture = try Fixture(server.base, .libcurl)
    #expect(await fixture.send(get(server.base + "/warm")).response?.status == 200)
    let permit = PermitCounter()
    let exchange = await fixture.send(paid(server.base + "/die"), permit: permit.permit)
    #expect(exchange.failure?.sent == .unknown)
    #expect(exchange.evidence["exit"] == 52)
    #expect(server.requests.filter { $0.path == "/die" }.count == 1)
    #expect(permit.asked == 1)
  }

  @Test("a refused permit puts not one byte on the wire", arguments: [nil, TransportKind.curl])
  func refused(kind: TransportKind?) async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base, kind)
    let permit = PermitCounter(answer: false)
    let exchange = await fixture.send(paid(server.base + "/videos"), permit: permit.permit)
    #expect(exchange.failure?.sent == .no)
    #expect(exchange.failure?.error.code == .cancelled)
    #expect(exchange.evidence["permit"] == "refused")
    #expect(permit.asked == 1)
    #expect(server.byteCount == 0)
    #expect(fixture.points.list == [TransportPoint.beforePermit])
  }

  @Test(
    "what fails before the first byte is proven not sent",
    arguments: [TransportKind.libcurl, .curl])
  func unreachable(kind: TransportKind) async throws {
    for base in ["http://127.0.0.1:1", "https://nowhere.localhost.invalid"] {
      let fixture = try Fixture(base, kind)
      let permit = PermitCounter()
      let exchange = await fixture.send(paid(base + "/videos"), permit: permit.permit)
      #expect(exchange.failure?.sent == .no)
      #expect(exchange.failure?.error.code == .providerUnavailable)
      #expect(exchange.evidence["time_pretransfer_us"] == 0)
      // The program has no hook: its permit is asked before it starts.
      #expect(permit.asked == (kind == .curl ? 1 : 0))
    }
  }

  @Test(
    "after the first byte only a whole answer is certain",
    arguments: [TransportKind.libcurl, .curl])
  func ambiguous(kind: TransportKind) async throws {
    let server = TestServer { request, connection in
      switch request.path {
      case "/reset": connection.reset()
      case "/cut": connection.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\"")
      case "/chunk":
        connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"id\"")
      case "/stall": _ = connection.readRequest(0)
      case "/garbage": connection.send("220 hello\r\n\r\n")
      default: break
      }
      return false
    }
    let fixture = try Fixture(server.base, kind)
    let table: [(String, [JSON])] = [
      ("/reset", [56]), ("/close", [52]), ("/cut", [18]), ("/chunk", [18, 56]),
      // Our own deadline ends the library's transfer from a callback.
      ("/stall", [28, 42]), ("/garbage", [1, 8]),
    ]
    for (path, exits) in table {
      let request = paid(server.base + path) { if path == "/stall" { $0.timeout = 400 } }
      let exchange = await fixture.send(request, permit: PermitCounter().permit)
      #expect(exchange.failure?.sent == .unknown, "\(path)")
      #expect(exchange.evidence["permit"] == "granted")
      let exit = try #require(exchange.evidence["exit"])
      #expect(exits.contains(exit), "\(path): \(exit)")
      #expect((exchange.evidence["time_pretransfer_us"]?.integer ?? 0) > 0, "\(path)")
    }
    #expect(server.requests.count == table.count)
  }

  @Test("a redirect of a submit is given back, not followed")
  func redirect() async throws {
    let server = TestServer { _, connection in
      connection.send(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n")
    }
    for kind in [TransportKind.libcurl, .curl] {
      let fixture = try Fixture(server.base, kind)
      let exchange = await fixture.send(
        paid(server.base + "/videos"), permit: PermitCounter().permit)
      #expect(exchange.response?.status == 307)
      #expect(exchange.response?.field("location") == "/other")
    }
    #expect(server.requests.map(\.path) == ["/videos", "/videos"])
  }

  @Test("a slow permit does not shorten the time that the provider has")
  func slowPermit() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base)
    let permit = Permit {
      try? await Task.sleep(for: .milliseconds(600))
      return true
    }
    let exchange = await fixture.send(
      paid(server.base + "/videos") { $0.timeout = 400 }, permit: permit)
    #expect(exchange.response?.status == 200)
  }

  @Test("a hundred submits whose permits block do not hold up each other")
  func parallel() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base)
    // Nobody goes on before everybody has been asked: one that waited for another would never be.
    let asked = Mutex(0)
    let everybody = Permit {
      asked.withLock { $0 += 1 }
      for _ in 0..<6000 where asked.withLock({ $0 }) < 100 {
        try? await Task.sleep(for: .milliseconds(10))
      }
      return asked.withLock { $0 } == 100
    }
    let failures = await withTaskGroup(of: Exchange.self) { group in
      for _ in 0..<100 {
        group.addTask { await fixture.send(paid(server.base + "/v"), permit: everybody) }
      }
      return await group.reduce(into: [String]()) { list, exchange in
        if exchange.response == nil { list.append(exchange.evidence.text) }
      }
    }
    #expect(failures == [])
  }

  @Test("a paid request without a permit is refused")
  func noPermit() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base)
    let exchange = await fixture.send(paid(server.base + "/v"))
    #expect(exchange.failure?.sent == .no)
    #expect(server.connectionCount == 0)
  }
}
