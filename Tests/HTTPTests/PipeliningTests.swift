import Glibc
import KinoraHTTP
import Testing

@Suite struct PipeliningTests {
  private static let get = "Host: x\r\n\r\n"

  @Test("pipelined requests are answered in order, quick ones behind slow ones")
  func order() async throws {
    let server = try await TestServer()
    var raw = ""
    for path in ["/ping", "/slow", "/later", "/nothing", "/ping", "/later"] {
      raw += "GET \(path) HTTP/1.1\r\n\(Self.get)"
    }
    raw += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
    raw += "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw += "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    let text = try await server.exchange(raw)
    #expect(text.statuses == [200, 200, 200, 404, 200, 200, 200, 200, 299])
    let order = ["pong", "slow", "later", "no such path", "pong", "later", "body", "abcde"]
    var rest = text[...]
    for word in order {
      guard let found = rest.firstRange(of: "\r\n\r\n\(word)") else {
        Issue.record("\(word) is missing or out of order")
        break
      }
      rest = rest[found.upperBound...]
    }
    await server.stop()
  }

  @Test("two thousand pipelined requests in one write are all answered")
  func many() async throws {
    let server = try await TestServer()
    let raw = String(repeating: "GET /ping HTTP/1.1\r\n\(Self.get)", count: 1000)
    let later = String(repeating: "GET /later HTTP/1.1\r\n\(Self.get)", count: 1000)
    let text = try await server.exchange(raw + later)
    #expect(text.statuses.count == 2001)
    #expect(text.statuses.last == 299)
    #expect(server.server.statistics.requests == 2001)
    await server.stop()
  }

  @Test("a request may be cut anywhere")
  func splits() async throws {
    let server = try await TestServer()
    let raw = Array(
      ("POST /echo?a=b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nEmpty:\r\n\r\n"
        + "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: t\r\n\r\n"
        + "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        + "GET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").utf8)
    for cut in 1..<raw.count {
      let client = try server.client()
      let before = server.server.statistics.bytesIn
      client.send(Array(raw[..<cut]))
      #expect(await eventually { server.server.statistics.bytesIn == before + UInt64(cut) })
      client.send(Array(raw[cut...]))
      let text = await client.all()
      client.close()
      #expect(text.statuses == [200, 200, 299], "cut at \(cut)")
      #expect(text.contains("\r\n\r\nhello!HTTP") && text.contains("\r\n\r\nabcHTTP"))
    }
    await server.stop()
  }

  @Test("a request may come byte by byte")
  func drip() async throws {
    var limits = HTTPLimits()
    limits.headSeconds = 600
    let server = try await TestServer(limits)
    let raw = Array(
      ("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        + "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").utf8)
    let client = try server.client()
    for (i, byte) in raw.enumerated() {
      client.send([byte])
      try #require(await eventually { server.server.statistics.bytesIn == UInt64(i + 1) })
    }
    let text = await client.all()
    #expect(text.statuses == [200])
    #expect(text.body == "abc")
    client.close()
    await server.stop()
  }

  @Test("a client that ends its direction while an answer is being made still gets it")
  func halfClosed() async throws {
    let server = try await TestServer()
    let client = try server.client()
    client.send("GET /gate HTTP/1.1\r\n\(Self.get)")
    #expect(await eventually { server.server.statistics.requests == 1 })
    client.finishSending()
    try await Task.sleep(for: .milliseconds(50))
    server.service.gate.open()
    let text = await client.all()
    #expect(text.statuses == [200])
    #expect(text.body == "gate")
    client.close()
    let early = try server.client()
    early.send("GET /slow HTTP/1.1\r\n\(Self.get)GET /ping HTTP/1.1\r\n\(Self.get)")
    early.finishSending()
    #expect(await early.all().statuses == [200, 200])
    early.close()
    await server.stop()
  }

  @Test("a client that leaves cancels its answer, and the service hears when all is over")
  func leaves() async throws {
    let log = EventLog()
    let server = try await TestServer(
      service: TestService { request in
        guard request.path == "/wait" else { return nil }
        return .later {
          try? await Task.sleep(for: .seconds(60))
          log.add(Task.isCancelled ? "cancelled" : "ran")
          var response = HTTPResponse.text("late")
          response.sent = { log.add("sent \($0)") }
          return response
        }
      })
    let client = try server.client()
    client.send("GET /wait HTTP/1.1\r\n\(Self.get)")
    #expect(await eventually { server.service.requests.count == 1 })
    let id = server.service.requests.first?.connection ?? 0
    #expect(server.server.isOpen(connection: id))
    client.close()
    #expect(await eventually { server.service.ended == [id] })
    #expect(log.list == ["cancelled", "sent false"])
    #expect(!server.server.isOpen(connection: id))
    #expect(server.server.connectionCount == 0)
    await server.stop()
  }

  @Test("an answer's sent is told once, with true, when all of it is with the kernel")
  func sent() async throws {
    let log = EventLog()
    let large = [UInt8](repeating: 65, count: 3_000_000)
    let server = try await TestServer(
      service: TestService { request in
        guard request.path != "/end" else { return nil }
        var response = HTTPResponse(
          status: 200, body: .bytes(request.path == "/large" ? large : []))
        response.sent = { log.add("\(request.path) \($0)") }
        return .now(response)
      })
    let text = try await server.exchange(
      "GET /a HTTP/1.1\r\n\(Self.get)GET /large HTTP/1.1\r\n\(Self.get)")
    #expect(text.utf8.count > large.count)
    #expect(log.list == ["/a true", "/large true"])
    let client = try server.client(reading: false)
    client.send("GET /large HTTP/1.1\r\n\(Self.get)")
    #expect(await eventually { server.service.requests.count == 4 })
    client.close()
    #expect(await eventually { log.list.last == "/large false" })
    await server.stop()
  }

  @Test("connections and requests are numbered, and the peer is known by its credentials [P5]")
  func identity() async throws {
    let server = try await TestServer()
    _ = try await server.exchange("GET /ping?q=1&r HTTP/1.1\r\n\(Self.get)")
    _ = try await server.exchange("GET http://x HTTP/1.1\r\n\(Self.get)")
    let requests = server.service.requests
    #expect(requests.map(\.ordinal) == [1, 2, 1, 2])
    #expect(requests[0].connection == requests[1].connection)
    #expect(requests[0].connection != requests[2].connection)
    #expect(requests[0].peer == .unix(uid: getuid(), gid: getgid(), pid: getpid()))
    #expect(requests[0].listener == "unix")
    #expect(requests[0].path == "/ping")
    #expect(requests[0].query == "q=1&r")
    #expect(requests[2].path == "/")
    #expect(requests[2].query == nil)
    await server.stop()
  }
}
