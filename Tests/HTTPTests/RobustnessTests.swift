import CSys
import Glibc
import KinoraHTTP
import KinoraLoop
import Testing

@Suite struct RobustnessTests {
  /// A small generator with a seed, so that a failure can be repeated.
  private struct Dice {
    var state: UInt64
    mutating func roll(_ sides: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(sides))
    }
  }

  private static let seeds = [
    "GET /ping?a=b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nRange: bytes=1-2\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello world",
    "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      + "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n",
    "HEAD /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  ]
  private static let spices: [[UInt8]] = [
    [0], [0x0a], [0x0d], [0x0d, 0x0a], [0x20], [0x3a], [0xff], Array("Content-Length: 3\r\n".utf8),
    Array("Transfer-Encoding: chunked\r\n".utf8), Array("0\r\n\r\n".utf8),
    Array("ffffffffffffffff\r\n".utf8), Array(repeating: 0x41, count: 5000),
  ]

  @Test("whatever is sent, the server answers in whole answers and ends the connection")
  func mutations() async throws {
    let server = try await TestServer()
    var dice = Dice(state: 20_260_101)
    for round in 0..<400 {
      var raw: [UInt8] = []
      for _ in 0...dice.roll(3) { raw += Array(Self.seeds[dice.roll(Self.seeds.count)].utf8) }
      for _ in 0...dice.roll(3) {
        let at = dice.roll(raw.count)
        switch dice.roll(4) {
        case 0: raw.remove(at: at)
        case 1: raw[at] = UInt8(dice.roll(256))
        case 2: raw.insert(contentsOf: Self.spices[dice.roll(Self.spices.count)], at: at)
        default: raw.removeSubrange(at..<min(raw.count, at + dice.roll(20)))
        }
        if raw.isEmpty { raw = [0x41] }
      }
      let client = try server.client()
      client.send(raw)
      client.finishSendingAfterAll()
      let text = await client.all()
      await client.closed()
      #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 "), "round \(round)")
      // A refusal is the last thing that is said.
      let refusals = text.statuses.filter { $0 == 400 || $0 == 431 || $0 == 408 }
      #expect(refusals.count <= 1, "round \(round)")
      if let first = refusals.first { #expect(text.statuses.last == first, "round \(round)") }
    }
    #expect(await eventually { server.server.connectionCount == 0 })
    #expect(try await server.statuses("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n") == [200, 299])
    await server.stop()
  }

  @Test("a stream whose client keeps up does not keep the thread from others")
  func greedy() async throws {
    let server = try await TestServer(
      service: TestService { request in
        guard request.path == "/flood" else { return nil }
        let block = [UInt8](repeating: 67, count: 8192)
        return .now(
          HTTPResponse(
            status: 200,
            body: .stream(
              HTTPStreaming { stream in
                while (try? await stream.write(block)) != nil {}
              })))
      })
    let flood = try server.client()
    flood.send("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
    _ = await flood.waitBytes { bytes, _ in bytes.count > 1_000_000 }
    for _ in 0..<5 {
      #expect(try await server.statuses("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n") == [200, 299])
    }
    flood.close()
    #expect(await eventually { server.service.ended.count == 6 })
    await server.stop()
  }

  @Test("a TCP client is served like any other, and known by its address")
  func tcp() async throws {
    let fixture = try await TestServer()
    let descriptor = kn_listen_tcp(0x7f00_0001, 0, 16)
    let port = kn_local_port(descriptor)
    let service = TestService()
    let server = HTTPServer(loop: fixture.loop, service: service)
    server.addListener(descriptor: descriptor, name: "tcp", rules: .loopback)
    try await server.start()
    let client = try RawClient(port: UInt16(port))
    client.send("GET /slow HTTP/1.1\r\nHost: localhost:\(port)\r\n\r\n")
    client.finishSendingAfterAll()
    #expect(await client.all().body == "slow")
    client.close()
    let other = try RawClient(port: UInt16(port))
    other.send("GET /ping HTTP/1.1\r\nHost: kinora\r\n\r\n")
    #expect(await other.all().statuses == [421])
    other.close()
    let request = try #require(service.requests.first)
    #expect(request.listener == "tcp")
    guard case .tcp(let address) = request.peer else {
      Issue.record("not a TCP peer")
      return
    }
    #expect(address.hasPrefix("127.0.0.1:"))
    await server.drain(deadlineSeconds: 5)
    await fixture.stop()
  }
}
