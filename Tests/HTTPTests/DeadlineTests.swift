import KinoraHTTP
import Testing

/// Times are short here and long in use; only lower bounds are asserted, and generous upper ones,
/// since the machine may be busy.
@Suite struct DeadlineTests {
  private func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
    var limits = HTTPLimits()
    change(&limits)
    return limits
  }

  private func drip(_ client: RawClient, _ text: String) -> Task<Void, Never> {
    Task {
      for byte in text.utf8 {
        if Task.isCancelled { return }
        client.send([byte])
        try? await Task.sleep(for: .milliseconds(40))
      }
    }
  }

  @Test("a head that drips is 408 at an absolute time, however steadily it drips")
  func head() async throws {
    let server = try await TestServer(limits { $0.headSeconds = 0.4 })
    let client = try server.client()
    try await Task.sleep(for: .milliseconds(100))
    let start = ContinuousClock.now
    let drip = drip(client, "GET /" + String(repeating: "a", count: 500))
    let text = await client.all()
    #expect(text.statuses == [408])
    #expect(text.field("Connection") == "close")
    #expect((.milliseconds(390)...Duration.seconds(60)).contains(ContinuousClock.now - start))
    drip.cancel()
    client.close()
    await server.stop()
  }

  /// Whoever drips faster than the deadlines are looked at does not put off the end.
  @Test(
    "a body that drips is 408 after its grace, however rarely somebody looks",
    arguments: [50, 1000])
  func body(sweep: Int) async throws {
    let server = try await TestServer(
      limits {
        $0.bodyGraceSeconds = 0.4
        $0.sweepMilliseconds = sweep
      })
    let client = try server.client()
    let start = ContinuousClock.now
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    let drip = drip(client, String(repeating: "a", count: 1000))
    #expect(await client.all().statuses == [408])
    #expect(ContinuousClock.now - start >= .milliseconds(390))
    drip.cancel()
    client.close()
    await server.stop()
  }

  @Test("a body that keeps its rate up may take longer than the grace")
  func steady() async throws {
    let server = try await TestServer(
      limits {
        $0.bodyGraceSeconds = 1
        $0.bodyBytesPerSecond = 1
      })
    let client = try server.client()
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 104\r\n\r\n")
    client.send(String(repeating: "b", count: 100))
    try await Task.sleep(for: .milliseconds(1500))
    client.send("aaaa")
    #expect(await client.wait { $0.hasSuffix("aaaa") }.statuses == [200])
    client.close()
    await server.stop()
  }

  @Test("a connection without a request is closed in silence, after an answer too")
  func idle() async throws {
    let server = try await TestServer(limits { $0.idleSeconds = 0.3 })
    let silent = try server.client()
    let served = try server.client()
    served.send("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(await silent.all(seconds: 10).isEmpty)
    #expect(await served.all(seconds: 10).statuses == [200])
    #expect(await eventually { server.server.connectionCount == 0 })
    silent.close()
    served.close()
    await server.stop()
  }

  @Test("a slow answer has no deadline of the connection")
  func patience() async throws {
    let server = try await TestServer(
      limits {
        $0.idleSeconds = 3
        $0.headSeconds = 3
      })
    let client = try server.client()
    client.send("GET /gate HTTP/1.1\r\nHost: x\r\n\r\n")
    try await Task.sleep(for: .milliseconds(3500))
    server.service.gate.open()
    #expect(await client.all().body == "gate")
    client.close()
    await server.stop()
  }

  private static let large = [UInt8](repeating: 65, count: 4 << 20)

  private func largeServer(stallSeconds: Double) async throws -> TestServer {
    try await TestServer(
      limits { $0.stallSeconds = stallSeconds },
      service: TestService { _ in .now(HTTPResponse(status: 200, body: .bytes(Self.large))) })
  }

  @Test("a client that takes nothing is dropped")
  func stall() async throws {
    let server = try await largeServer(stallSeconds: 0.4)
    let stuck = try server.client(reading: false)
    stuck.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(await eventually { server.server.statistics.stalled == 1 })
    #expect(await eventually { server.server.connectionCount == 0 })
    stuck.close()
    await server.stop()
  }

  @Test("a client that reads late gets all")
  func late() async throws {
    let server = try await largeServer(stallSeconds: 10)
    let late = try server.client(reading: false)
    late.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try await Task.sleep(for: .milliseconds(200))
    late.startReading()
    let received = await late.waitBytes { bytes, ended in ended || bytes.count > Self.large.count }
    #expect(received.bytes.count > Self.large.count)
    late.close()
    await server.stop()
  }

  @Test("a refused client that never stops sending is cut after the linger")
  func linger() async throws {
    let server = try await TestServer(limits { $0.lingerSeconds = 0.2 })
    let client = try server.client()
    client.send("GET * HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(await client.all().statuses == [400])
    #expect(await eventually { server.server.connectionCount == 0 })
    client.close()
    await server.stop()
  }
}
