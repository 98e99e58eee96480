import KinoraHTTP
import Testing

/// A page of another site must not reach the daemon through a rebound name (CWE-350) or as a
/// cross-origin request (CWE-352).
@Suite struct HostTests {
  static let unix: [(String, Int)] = [
    ("", 200), ("kinora", 200), ("KINORA", 200), ("localhost", 200), ("localhost:1234", 200),
    ("127.0.0.1", 200), ("127.0.0.1:80", 200), ("[::1]", 200), ("[::1]:8080", 200),
    ("localhost:", 200), ("kinora.", 421), ("localhost.", 421), ("localhost.evil.com", 421),
    ("evil.com", 421), ("evil.com:80", 421), ("127.0.0.2", 421), ("127.1", 421), ("0.0.0.0", 421),
    ("2130706433", 421), ("0x7f000001", 421), ("[::]", 421), ("[::ffff:127.0.0.1]", 421),
    ("[0:0:0:0:0:0:0:1]", 421), ("[::1%25lo]", 400), ("[::1%lo]", 400), ("::1", 400),
    ("[::1", 400), ("localhost@evil.com", 400), ("evil.com@localhost", 400), ("a:b@kinora", 400),
    ("kinora/", 400), ("kinora/x", 400), ("kinora?x", 400), ("kinora#x", 400),
    ("kinora, evil.com", 400), ("kinora evil.com", 400), ("kinora\tevil", 400),
    ("kinora:80:80", 400), ("kinora:-1", 400), ("kinora:999999", 400), ("kinora\\", 400),
    ("http://kinora", 400), ("k%69nora", 400), ("kinorá", 400), ("\"kinora\"", 400),
  ]

  @Test("a Unix socket answers for its own names only", arguments: unix)
  func hosts(_ host: String, _ status: Int) async throws {
    let server = try await TestServer(rules: .unix)
    let client = try server.client()
    client.send("GET /ping HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
    #expect(await client.all().statuses == [status])
    client.close()
    await server.stop()
  }

  @Test("an absolute target's authority must pass as well as the Host field")
  func absolute() async throws {
    let server = try await TestServer(rules: .unix)
    for (target, host, status) in [
      ("http://kinora/ping", "kinora", 200), ("http://evil.com/ping", "kinora", 421),
      ("http://kinora/ping", "evil.com", 421), ("https://localhost:1/ping", "", 200),
    ] {
      let client = try server.client()
      client.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
      #expect(await client.all().statuses == [status])
      client.close()
    }
    await server.stop()
  }

  @Test("a Unix socket refuses every Origin")
  func origins() async throws {
    let server = try await TestServer(rules: .unix)
    for origin in ["http://localhost", "null", "https://evil.com", ""] {
      let text = try await server.exchange(
        "GET /ping HTTP/1.1\r\nHost: kinora\r\nOrigin: \(origin)\r\n\r\n")
      #expect(text.statuses == [403])
    }
    await server.stop()
  }

  @Test(
    "loopback TCP rules let a page of the same origin change things, and no other",
    arguments: [
      ("GET", "Origin: https://evil.com\r\n", 200),
      ("POST", "", 200),
      ("POST", "Origin: http://localhost:8080\r\n", 200),
      ("POST", "Origin: http://localhost:8081\r\n", 403),
      ("POST", "Origin: https://evil.com\r\n", 403),
      ("POST", "Origin: null\r\n", 403),
      ("POST", "Sec-Fetch-Site: same-origin\r\n", 200),
      ("POST", "Sec-Fetch-Site: none\r\n", 200),
      ("POST", "Sec-Fetch-Site: same-site\r\n", 403),
      ("POST", "Sec-Fetch-Site: cross-site\r\n", 403),
      ("DELETE", "Sec-Fetch-Site: cross-site\r\nOrigin: http://localhost:8080\r\n", 403),
    ])
  func crossOrigin(_ method: String, _ fields: String, _ status: Int) async throws {
    let server = try await TestServer(rules: .loopback)
    let client = try server.client()
    client.send(
      "\(method) /ping HTTP/1.1\r\nHost: localhost:8080\r\n\(fields)Connection: close\r\n\r\n")
    #expect(await client.all().statuses == [status])
    client.close()
    await server.stop()
  }
}
