import KinoraHTTP
import Testing

/// What RFC 9110 and RFC 9112 ask of a server, request by request.
@Suite struct ConformanceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let raw: String
    let expected: [Int]
    init(_ name: String, _ raw: String, _ expected: [Int]) {
      self.name = name
      self.raw = raw
      self.expected = expected
    }
    var testDescription: String { name }
  }
  private static let host = "Host: x\r\n"

  static let cases: [Case] = [
    Case("GET", "GET /ping HTTP/1.1\r\n\(host)\r\n", [200, 299]),
    Case("leading empty line", "\r\nGET /ping HTTP/1.1\r\n\(host)\r\n", [200, 299]),
    Case("no Host on 1.1", "GET /ping HTTP/1.1\r\n\r\n", [400]),
    Case("no Host on a POST", "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\n", [400]),
    Case("two Hosts", "GET /ping HTTP/1.1\r\n\(host)\(host)\r\n", [400]),
    Case("Host with userinfo", "GET /ping HTTP/1.1\r\nHost: a@x\r\n\r\n", [400]),
    Case("Host with path", "GET /ping HTTP/1.1\r\nHost: x/y\r\n\r\n", [400]),
    Case("Host with comma", "GET /ping HTTP/1.1\r\nHost: x,y\r\n\r\n", [400]),
    Case("Host with blank", "GET /ping HTTP/1.1\r\nHost: x y\r\n\r\n", [400]),
    Case("Host with a bad port", "GET /ping HTTP/1.1\r\nHost: x:8a\r\n\r\n", [400]),
    Case("empty Host", "GET /ping HTTP/1.1\r\nHost:\r\n\r\n", [200, 299]),
    Case("keep-alive on 1.0 only when asked", "GET /ping HTTP/1.0\r\n\r\n", [200]),
    Case(
      "keep-alive on 1.0", "GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", [200, 299]),
    Case("absolute form", "GET http://x/ping HTTP/1.1\r\n\(host)\r\n", [200, 299]),
    Case("absolute form with port", "GET HTTP://x:80/ping?q HTTP/1.1\r\n\(host)\r\n", [200, 299]),
    Case("absolute form, userinfo", "GET http://a@x/ping HTTP/1.1\r\n\(host)\r\n", [400]),
    Case("absolute form, no host", "GET http:///ping HTTP/1.1\r\n\(host)\r\n", [400]),
    Case("other scheme", "GET ftp://x/ping HTTP/1.1\r\n\(host)\r\n", [400]),
    Case("a path without slash", "GET ping HTTP/1.1\r\n\(host)\r\n", [400]),
    Case("a fragment", "GET /ping#a HTTP/1.1\r\n\(host)\r\n", [400]),
    Case("asterisk of GET", "GET * HTTP/1.1\r\n\(host)\r\n", [400]),
    Case("asterisk of OPTIONS", "OPTIONS * HTTP/1.1\r\n\(host)\r\n", [204, 299]),
    Case("CONNECT", "CONNECT x:80 HTTP/1.1\r\n\(host)\r\n", [405]),
    Case("CONNECT of a path", "CONNECT /ping HTTP/1.1\r\n\(host)\r\n", [405]),
    Case("HTTP/2.0", "GET /ping HTTP/2.0\r\n\(host)\r\n", [505]),
    Case("HTTP/3.0", "GET /ping HTTP/3.0\r\n\(host)\r\n", [505]),
    Case("HTTP/0.9", "GET /ping\r\n\r\n", [400]),
    Case("HTTP/1", "GET /ping HTTP/1\r\n\(host)\r\n", [400]),
    Case("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505]),
    Case(
      "Upgrade is ignored",
      "GET /ping HTTP/1.1\r\n\(host)Connection: Upgrade\r\nUpgrade: foo\r\n\r\n", [200, 299]),
    Case(
      "Upgrade with a body is ignored",
      "POST /echo HTTP/1.1\r\n\(host)Connection: Upgrade\r\nUpgrade: h2c\r\n"
        + "Content-Length: 2\r\n\r\nhi", [200, 299]),
    Case(
      "other expectation", "GET /ping HTTP/1.1\r\n\(host)Expect: 200-ok\r\n\r\n", [417]),
    Case(
      "other expectation on 1.0",
      "GET /ping HTTP/1.0\r\nExpect: x\r\nConnection: keep-alive\r\n\r\n", [200, 299]),
    Case(
      "100-continue without a body",
      "GET /ping HTTP/1.1\r\n\(host)Expect: 100-continue\r\n\r\n", [200, 299]),
    Case(
      "100-continue with the body already there",
      "POST /echo HTTP/1.1\r\n\(host)Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
      [200, 299]),
    Case(
      "encoded body",
      "POST /echo HTTP/1.1\r\n\(host)Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", [415]),
    Case(
      "identity body",
      "POST /echo HTTP/1.1\r\n\(host)Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi",
      [200, 299]),
    Case(
      "declared length over the limit",
      "POST /echo HTTP/1.1\r\n\(host)Content-Length: 1048577\r\n\r\n", [413]),
    Case("404", "GET /nothing HTTP/1.1\r\n\(host)\r\n", [404, 299]),
    Case("unknown method", "FROB /ping HTTP/1.1\r\n\(host)\r\n", [200, 299]),
    Case(
      "unknown method with a body",
      "\r\nFROB /echo HTTP/1.1\r\n\(host)Content-Length: 2\r\n\r\nhi", [200, 299]),
    Case("lower case", "get /ping HTTP/1.1\r\n\(host)\r\n", [200, 299]),
    Case("a method of RTSP", "SETUP /ping HTTP/1.1\r\n\(host)\r\n", [200, 299]),
    Case("a method too long", "\(String(repeating: "A", count: 33)) /ping HTTP/1.1\r\n\r\n", [400]),
    Case("a method that is no token", "FR(B /ping HTTP/1.1\r\n\(host)\r\n", [400]),
    Case("two blanks behind an unknown method", "FROB  /ping HTTP/1.1\r\n\(host)\r\n", [400]),
    Case("an unknown method and nothing else", "FROB\r\n\r\n", [400]),
    Case(
      "two types", "GET /ping HTTP/1.1\r\n\(host)Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n",
      [400]),
    Case(
      "a chunk over the limit",
      "POST /echo HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", [413]),
    Case(
      "long target",
      "GET /\(String(repeating: "a", count: 8192)) HTTP/1.1\r\n\(host)\r\n", [414]),
    Case(
      "large head",
      "GET /ping HTTP/1.1\r\n\(host)A: \(String(repeating: "a", count: 33_000))\r\n\r\n", [431]),
    Case(
      "many fields",
      "GET /ping HTTP/1.1\r\n\(host)\(String(repeating: "A: b\r\n", count: 100))\r\n", [431]),
    Case(
      "a hundred fields",
      "GET /ping HTTP/1.1\r\n\(host)\(String(repeating: "A: b\r\n", count: 99))\r\n", [200, 299]),
    Case(
      "empty values", "GET /ping HTTP/1.1\r\nA:\r\nB: \r\n\(host)C:\r\n\r\n", [200, 299]),
    Case("Connection: close", "GET /ping HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", [200]),
  ]

  @Test("each request gets the answers it should", arguments: cases)
  func conforms(_ item: Case) async throws {
    let server = try await TestServer()
    let text = try await server.exchange(item.raw)
    #expect(text.statuses == item.expected)
    #expect(text.field("Date")?.hasSuffix(" GMT") == true)
    await server.stop()
  }

  @Test("a method is what it is, however it is cut", arguments: ["GET", "FROB", "QUERY", "GETS"])
  func methods(_ method: String) async throws {
    var limits = HTTPLimits()
    limits.headSeconds = 300
    limits.bodyGraceSeconds = 300
    for size in [1, 3] {
      let server = try await TestServer(limits)
      let client = try server.client()
      let raw = Array("\(method) /echo HTTP/1.1\r\n\(Self.host)Content-Length: 2\r\n\r\nhi".utf8)
      for at in stride(from: 0, to: raw.count, by: size) {
        client.send(Array(raw[at..<min(at + size, raw.count)]))
        // Lets the server see the piece by itself.
        try await Task.sleep(for: .milliseconds(1))
      }
      #expect(await client.wait(seconds: 300) { $0.hasSuffix("hi") }.statuses == [200])
      #expect(server.service.requests.first?.method == method)
      await client.closed()
      await server.stop()
    }
  }

  @Test("an empty Host is refused where none is meant")
  func emptyHost() async throws {
    let server = try await TestServer(rules: .loopback)
    let text = try await server.exchange("GET /ping HTTP/1.1\r\nHost:\r\n\r\n")
    #expect(text.statuses == [400])
    await server.stop()
  }

  @Test("HEAD gets the head that GET would, and nothing behind it")
  func head() async throws {
    let server = try await TestServer(
      service: TestService { request in
        switch request.path {
        case "/file":
          return .now(
            HTTPResponse(
              status: 200,
              body: .file(
                HTTPFile(descriptor: temporaryFile([1, 2, 3]), length: 3, etag: nil))))
        case "/stream":
          return .now(
            HTTPResponse(
              status: 200,
              body: .stream(HTTPStreaming { try? await $0.write(Array("never".utf8)) })))
        default: return nil
        }
      })
    for path in ["/ping", "/later", "/file", "/stream", "/nothing"] {
      let text = try await server.exchange("HEAD \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(text.statuses == [path == "/nothing" ? 404 : 200, 299])
      #expect(text.body.hasPrefix("HTTP/1.1 299"))
      switch path {
      case "/ping": #expect(text.field("Content-Length") == "4")
      case "/file": #expect(text.field("Content-Length") == "3")
      case "/stream": #expect(text.field("Transfer-Encoding") == "chunked")
      default: break
      }
    }
    let refused = try await server.exchange("HEAD * HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(refused.statuses == [400])
    #expect(refused.body.isEmpty)
    await server.stop()
  }

  @Test("204 and 304 have neither a body nor a length")
  func bodiless() async throws {
    let server = try await TestServer(
      service: TestService { request in
        guard let status = Int(request.path.dropFirst()) else { return nil }
        return .now(HTTPResponse(status: status, body: .bytes([65])))
      })
    for status in [204, 304] {
      let text = try await server.exchange("GET /\(status) HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(text.field("Content-Length") == nil)
      #expect(text.body.hasPrefix("HTTP/1.1 299"))
    }
    await server.stop()
  }

  @Test("100 Continue comes when a body is wanted, and only then")
  func expectations() async throws {
    let server = try await TestServer(
      service: TestService(
        plan: { request in
          request.path == "/no"
            ? .refuse(HTTPResponse(status: 422)) : .collect(limit: 100)
        }))
    func ask(_ head: String) async throws -> String {
      let client = try server.client()
      client.send(head + "\r\n")
      let first = await client.wait { $0.contains("\r\n\r\n") }
      client.send("hello")
      client.finishSending()
      let all = await client.all()
      client.close()
      #expect(all.hasPrefix(first))
      return all
    }
    let expects = "Expect: 100-Continue\r\n"
    let wanted = try await ask(
      "POST /echo HTTP/1.1\r\nHost: x\r\n\(expects)Content-Length: 5\r\n")
    #expect(wanted.statuses == [100, 200])
    #expect(wanted.hasSuffix("hello"))
    let refused = try await ask("POST /no HTTP/1.1\r\nHost: x\r\n\(expects)Content-Length: 5\r\n")
    #expect(refused.statuses == [422])
    let large = try await ask("POST /echo HTTP/1.1\r\nHost: x\r\n\(expects)Content-Length: 500\r\n")
    #expect(large.statuses == [413])
    let client = try server.client()
    client.send("POST /echo HTTP/1.0\r\nHost: x\r\n\(expects)Content-Length: 5\r\n\r\n")
    let early = await client.wait(seconds: 0.15) { !$0.isEmpty }
    #expect(early.isEmpty)
    client.send("hello")
    #expect(await client.all().statuses == [200])
    client.close()
    await server.stop()
  }

  @Test("no answer's field can end its line")
  func splitting() async throws {
    let server = try await TestServer(
      service: TestService { _ in
        .now(HTTPResponse(status: 200, fields: ["X": "a\r\nSet-Cookie: b\u{0}"]))
      })
    let client = try server.client()
    client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let text = await client.all()
    #expect(text.field("X") == "a  Set-Cookie: b ")
    #expect(text.field("Set-Cookie") == nil)
    client.close()
    await server.stop()
  }
}
