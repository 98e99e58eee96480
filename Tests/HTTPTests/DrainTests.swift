import CSys
import Glibc
import KinoraHTTP
import KinoraLoop
import Testing

@Suite struct DrainTests {
  private static let host = "Host: x\r\n\r\n"

  @Test("idle connections close, requests in flight are answered, nobody new comes in [P9]")
  func drains() async throws {
    let server = try await TestServer()
    let idle = try server.client()
    let slow = try server.client()
    let half = try server.client()
    slow.send("GET /gate HTTP/1.1\r\n\(Self.host)")
    half.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")
    #expect(await eventually { server.server.statistics.requests == 2 })
    #expect(await eventually { server.server.connectionCount == 3 })
    #expect(!server.server.isDraining)
    let drained = Task { await server.server.drain(deadlineSeconds: 20) }
    #expect(await idle.all().isEmpty)
    #expect(server.server.isDraining)
    #expect(throws: SystemError("connect", errno: ECONNREFUSED)) { try server.client() }
    server.service.gate.open()
    let answer = await slow.all()
    #expect(answer.body == "gate")
    #expect(answer.field("Connection") == "close")
    half.send("llo")
    let echo = await half.all()
    #expect(echo.body == "hello")
    #expect(echo.field("Connection") == "close")
    await drained.value
    #expect(server.server.connectionCount == 0)
    for client in [idle, slow, half] { client.close() }
    await server.stop()
  }

  @Test("who connected just before the end still gets an answer [P9]")
  func arrivals() async throws {
    // Longer than the real second: the tests beside this one may hold both threads for a while.
    var limits = HTTPLimits()
    limits.arrivalSeconds = 8
    let server = try await TestServer(limits)
    let (late, silent) = (try server.client(), try server.client())
    #expect(await eventually { server.server.connectionCount == 2 })
    let drained = Task { await server.server.drain(deadlineSeconds: 20) }
    #expect(await eventually { server.server.isDraining })
    late.send("GET /ping HTTP/1.1\r\n\(Self.host)")
    let text = await late.all()
    #expect(text.statuses == [200])
    #expect(text.field("Connection") == "close")
    #expect(await silent.all().isEmpty)
    await drained.value
    for client in [late, silent] { client.close() }
    await server.stop()
  }

  @Test("pipelined requests that were read are answered, the last one with close [P9]")
  func pipelined() async throws {
    let server = try await TestServer()
    let client = try server.client()
    client.send(
      "GET /gate HTTP/1.1\r\n\(Self.host)GET /ping HTTP/1.1\r\n\(Self.host)GET /la")
    #expect(await eventually { server.server.statistics.requests == 1 })
    let drained = Task { await server.server.drain(deadlineSeconds: 20) }
    #expect(await eventually { server.server.isDraining })
    server.service.gate.open()
    await client.wait { $0.contains("pong") }
    client.send("ter HTTP/1.1\r\n\(Self.host)")
    let text = await client.all()
    #expect(text.statuses == [200, 200, 200])
    #expect(text.body.hasSuffix("later"))
    #expect(text.ranges(of: "Connection: close").count == 1)
    await drained.value
    client.close()
    await server.stop()
  }

  @Test("a stream gets its farewell and ends in order, its task is cancelled [P9]")
  func streams() async throws {
    let log = EventLog()
    let server = try await TestServer(
      service: TestService { request in
        guard request.path == "/s" else { return nil }
        return .now(
          HTTPResponse(
            status: 200,
            body: .stream(
              HTTPStreaming(farewell: Array(": bye\n".utf8)) { stream in
                try? await stream.write(Array("data: 1\n\n".utf8))
                try? await Task.sleep(for: .seconds(60))
                log.add(Task.isCancelled ? "cancelled" : "ran")
                let wrote: Void? = try? await stream.write([65])
                log.add(wrote == nil ? "gone" : "written")
              })))
      })
    let client = try server.client()
    client.send("GET /s HTTP/1.1\r\n\(Self.host)")
    await client.wait { $0.contains("data: 1") }
    await server.server.drain(deadlineSeconds: 20)
    let text = await client.all()
    #expect(text.body == "9\r\ndata: 1\n\n\r\n6\r\n: bye\n\r\n0\r\n\r\n")
    #expect(await eventually { log.list == ["cancelled", "gone"] })
    #expect(await eventually { server.service.ended.count == 1 })
    client.close()
    await server.stop()
  }

  @Test("a POST while draining is the service's to refuse, on the connection that stands [P9]")
  func posts() async throws {
    let server = try await TestServer()
    let client = try server.client()
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n")
    #expect(await eventually { server.server.statistics.bytesIn > 40 })
    let drained = Task { await server.server.drain(deadlineSeconds: 20) }
    #expect(await eventually { server.server.isDraining })
    client.send("\r\nhi")
    let text = await client.all()
    #expect(text.statuses == [200])
    #expect(text.field("Connection") == "close")
    await drained.value
    client.close()
    await server.stop()
  }

  @Test("what does not end is cut at the deadline [P9]")
  func deadline() async throws {
    let server = try await TestServer(
      service: TestService { _ in
        .later {
          try? await Task.sleep(for: .seconds(60))
          return .text("never")
        }
      })
    let client = try server.client()
    client.send("GET / HTTP/1.1\r\n\(Self.host)")
    #expect(await eventually { server.server.statistics.requests == 1 })
    let start = ContinuousClock.now
    await server.server.drain(deadlineSeconds: 0.2)
    #expect(ContinuousClock.now - start >= .milliseconds(190))
    #expect(await client.all().isEmpty)
    #expect(server.server.connectionCount == 0)
    client.close()
    await server.stop()
  }

  @Test("an inherited socket keeps its queue for the next process [P5] [P9]")
  func inherited() async throws {
    let fixture = try await TestServer()
    let path = fixture.folder + "/i"
    let descriptor = kn_listen_unix(path, 0o600, 16)
    let managers = kn_fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    let loop = try EventLoop(name: "inherit")
    let first = HTTPServer(loop: loop, service: TestService())
    first.addListener(
      descriptor: descriptor, name: "unix", rules: TestServer.anyHost, inherited: true)
    try await first.start()
    await first.drain(deadlineSeconds: 1)
    let client = try RawClient(path: path)
    client.send("GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(await client.wait(seconds: 0.2) { !$0.isEmpty }.isEmpty)
    let second = HTTPServer(loop: loop, service: TestService())
    second.addListener(
      descriptor: managers, name: "unix", rules: TestServer.anyHost, inherited: true)
    try await second.start()
    #expect(await client.all().statuses == [200])
    client.close()
    await second.drain(deadlineSeconds: 1)
    await loop.stop()
    unlink(path)
    await fixture.stop()
  }
}
