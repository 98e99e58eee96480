import KinoraModel
import KinoraTransport
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

  @Test("what fails before the permit is proven not sent and never asks for it")
  func unreachable() async throws {
    let fixture = try Fixture("http://127.0.0.1:1")
    let permit = PermitCounter()
    let exchange = await fixture.send(paid("http://127.0.0.1:1/videos"), permit: permit.permit)
    #expect(exchange.failure?.sent == .no)
    #expect(exchange.failure?.error.code == .providerUnavailable)
    #expect(exchange.evidence["time_pretransfer_us"] == 0)
    #expect(permit.asked == 0)
  }

  @Test(
    "after the permit only a whole answer is certain",
    arguments: [
      ("/reset", 56), ("/close", 52), ("/cut", 18), ("/stall", 28), ("/garbage", nil),
    ] as [(String, Int64?)])
  func ambiguous(path: String, exit: Int64?) async throws {
    let server = TestServer { request, connection in
      switch request.path {
      case "/reset": connection.reset()
      case "/cut":
        connection.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\"")
      case "/stall": connection.readRequest(0).map { _ in }
      case "/garbage": connection.send("220 hello\r\n\r\n")
      default: break
      }
      return false
    }
    let fixture = try Fixture(server.base)
    let request = paid(server.base + path) { if path == "/stall" { $0.timeout = 300 } }
    let exchange = await fixture.send(request, permit: PermitCounter().permit)
    #expect(exchange.failure?.sent == .unknown)
    #expect(exchange.evidence["permit"] == "granted")
    // The reading callback of our own deadline is reported by curl as 42.
    if let exit, exit != 28 { #expect(exchange.evidence["exit"] == .integer(exit)) }
    #expect(server.requests.count == 1)
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
    let start = ContinuousClock.now
    let good = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<100 {
        group.addTask {
          let permit = Permit {
            try? await Task.sleep(for: .milliseconds(200))
            return true
          }
          return await fixture.send(paid(server.base + "/v"), permit: permit).response != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(good == 100)
    #expect(ContinuousClock.now - start < .seconds(12))
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
