import Glibc
import KinoraModel
import KinoraTransport
import Testing

@Suite struct CurlProcessTests {
  @Test("while a request runs, argv and environment of curl hold nothing of it [T34]")
  func secrets() async throws {
    let found = ProcessTexts()
    let server = TestServer { _, connection in
      found.scan(connection)
      return connection.json("{}")
    }
    let fixture = try Fixture(server.base, .curl)
    let url = server.base + "/videos?key={{credential:api_key}}&q=1"
    let exchange = await fixture.send(
      paid(url, "{\"prompt\":\"PROMPT-CANARY\"}"), permit: PermitCounter().permit)
    #expect(exchange.response?.status == 200)
    #expect(exchange.transport == .curl)
    #expect(exchange.evidence["num_connects"] == 1)
    #expect(exchange.evidence["exit"] == 0)
    #expect(exchange.evidence["permit"] == "granted")
    #expect(!exchange.evidence.text.contains(Fixture.canary))
    #expect(found.list.contains("cmdline:/usr/bin/curl -q --config /dev/fd/3 "))
    #expect(found.list.contains("environ:"))
    for text in found.list {
      #expect(!text.contains(Fixture.canary))
      #expect(!text.contains("PROMPT"))
      #expect(!text.contains("127.0.0.1"))
    }
    let seen = try #require(server.requests.first)
    #expect(seen.path == "/videos?key=\(Fixture.canary)&q=1")
    #expect(seen.field("authorization") == "Bearer \(Fixture.canary)")
    #expect(seen.field("user-agent")?.hasPrefix("curl/") == true)
    #expect(fixture.points.list == TransportPoint.all)
  }

  @Test(
    "a body that begins with @ is that text and no file [T40]", arguments: TransportKind.allCases)
  func atSign(kind: TransportKind) async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base, kind)
    let exchange = await fixture.send(
      paid(server.base + "/v", "@/etc/passwd"), permit: PermitCounter().permit)
    #expect(exchange.response?.status == 200)
    #expect(server.requests.first?.body == Array("@/etc/passwd".utf8))
  }

  @Test("text that looks like options or placeholders goes out byte for byte")
  func hostileBody() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let text =
      "\"\n\nurl = \"file:///etc/hostname\"\noutput = \"/tmp/x\"\n{{credential:api_key}} {{ \\"
    for kind in TransportKind.allCases {
      let fixture = try Fixture(server.base, kind)
      _ = await fixture.send(paid(server.base + "/v", text), permit: PermitCounter().permit)
      _ = await fixture.send(
        get(server.base + "/v") {
          $0.method = "PUT"
          $0.parts = [.bytes(Array(text.utf8))]
        })
    }
    #expect(server.requests.count == 6)
    for request in server.requests { #expect(request.body == Array(text.utf8)) }
  }

  @Test("a curl without HTTP/2 is refused before anything is sent [T36] [T43]")
  func noHTTP2() async throws {
    let folder = try Folder.make()
    defer { Folder.remove(folder) }
    let program = folder + "/curl"
    Folder.write(
      Array(
        "#!/bin/sh\necho 'curl 7.88.1 (x) libcurl/7.88.1'\necho 'Protocols: http https'\necho 'Features: IPv6 SSL'\n"
          .utf8), to: program, mode: 0o700)
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base, .curl, curl: program)
    let permit = PermitCounter()
    for exchange in [
      await fixture.send(paid(server.base + "/v"), permit: permit.permit),
      await fixture.send(get(server.base + "/v")),
    ] {
      #expect(exchange.failure?.sent == .no)
      #expect(exchange.failure?.error.code == .unavailable)
      #expect(exchange.failure?.error.message.contains("curl has no HTTP2") == true)
    }
    #expect(permit.asked == 0)
    #expect(server.connectionCount == 0)
    let good = try Fixture(server.base, .curl)
    #expect(try await good.pool.curl.check().hasPrefix("curl "))
    let missing = try Fixture(server.base, .curl, curl: folder + "/none")
    let error = await #expect(throws: KinoraError.self) { try await missing.pool.curl.check() }
    #expect(error?.message.contains("does not exist") == true)
  }

  @Test("polls of one host that come together share a process, and each gets its own answer")
  func shared() async throws {
    let found = ProcessTexts()
    let server = TestServer { request, connection in
      found.scan(connection)
      usleep(50_000)
      return connection.json("{\"path\":\"\(request.path)\"}")
    }
    let fixture = try Fixture(server.base, .curl, coalesce: .milliseconds(200))
    let bodies = await withTaskGroup(of: (Int, String).self) { group in
      for i in 0..<20 {
        group.addTask {
          let exchange = await fixture.send(get(server.base + "/v/\(i)"))
          return (i, String(decoding: exchange.response?.body ?? [], as: UTF8.self))
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    for i in 0..<20 { #expect(bodies[i] == "{\"path\":\"/v/\(i)\"}") }
    // Twenty transfers at most fifteen a process.
    #expect(found.pids.count == 2)
  }

  @Test("in a shared process one bad transfer leaves the others alone")
  func mixed() async throws {
    let server = TestServer { request, connection in
      switch request.path {
      case "/big":
        connection.send("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        connection.send([UInt8](repeating: 65, count: 400_000))
        return false
      case "/dead": return false
      default: return connection.json("{}")
      }
    }
    let fixture = try Fixture(server.base, .curl, coalesce: .milliseconds(100))
    async let big = fixture.send(get(server.base + "/big") { $0.maxBody = 1000 })
    async let dead = fixture.send(get(server.base + "/dead"))
    async let good = fixture.send(get(server.base + "/good"))
    #expect(await big.failure?.error.code == .tooLarge)
    #expect(await dead.failure?.sent == .unknown)
    #expect(await good.response?.status == 200)
  }

  @Test("a curl process that is killed leaves an unknown outcome and no zombie")
  func killed() async throws {
    let found = ProcessTexts()
    let server = TestServer { _, connection in
      found.scan(connection)
      for pid in found.pids { kill(pid, SIGKILL) }
      _ = connection.readRequest(0)
      return false
    }
    let fixture = try Fixture(server.base, .curl)
    let exchange = await fixture.send(paid(server.base + "/v"), permit: PermitCounter().permit)
    #expect(exchange.failure?.sent == .unknown)
    #expect(exchange.evidence["exit"] == -9)
    let pid = try #require(found.pids.first)
    #expect(kill(pid, 0) == -1)
  }
}
