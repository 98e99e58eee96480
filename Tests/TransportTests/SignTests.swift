import Glibc
import KinoraLoop
import KinoraModel
import KinoraTransport
import Synchronization
import Testing

@Suite struct SignTests {
  private func fixture(
    _ base: String, _ sign: String, key: String, clock: Wall?, more: [String] = []
  ) throws -> (Fixture, Result<Void, KinoraError>) {
    let fixture = try Fixture(base, .libcurl, key: key, clock: clock)
    var settings = ProviderSettings(name: "p", plugin: "plug", baseURL: base)
    settings.transport = .libcurl
    settings.credentials = ["secret": .environment("TEST_KEY"), "id": .environment("TEST_KEY")]
    let catalog = Catalog(
      hosts: [], baseURL: base, transport: .libcurl,
      credentials: (["secret", "id"] + more).map {
        CatalogCredential(name: $0, isRequired: true, help: "")
      },
      sign: try JSON.parse(Array(sign.utf8)), pollMilliseconds: 1, models: [])
    do throws(KinoraError) {
      try fixture.pool.update(settings: [settings], catalogs: ["plug": catalog])
      return (fixture, .success(()))
    } catch {
      return (fixture, .failure(error))
    }
  }

  private func poll(_ base: String) -> ProviderRequest {
    get(base + "/v") { $0.fields = [("Authorization", "Bearer {{credential:token}}")] }
  }

  @Test("an HS256 token is made, kept until shortly before its end, and made anew")
  func hs256() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let clock = Wall()
    let sign = """
      {"token":{"type":"jwt","alg":"HS256","key":"secret","life_s":1800,
                "claims":{"iss":"{{credential:id}}"}}}
      """
    let (fixture, made) = try fixture(server.base, sign, key: "your-256-bit-secret", clock: clock)
    try made.get()
    for seconds in [0, 1000, 800] as [Int64] {
      clock.advance(seconds)
      #expect(await fixture.send(poll(server.base)).response?.status == 200)
    }
    let tokens = server.requests.compactMap { $0.field("authorization")?.dropFirst(7) }
    #expect(tokens.count == 3)
    #expect(tokens[0] == tokens[1])
    #expect(tokens[1] != tokens[2])
    // Made with Python's hmac and base64 from the same key and claims.
    #expect(tokens[0] == Self.expected)
  }

  private static let expected = Substring(
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
      + "eyJpc3MiOiJ5b3VyLTI1Ni1iaXQtc2VjcmV0IiwiaWF0IjoxODAwMDAwMDAwLCJuYmYiOjE3OTk5OTk5OTUsImV4cCI6MTgwMDAwMTgwMH0."
      + "I-KADjFGXM4VeUOZyjL4_bpF-jqGwla_LYjxMD1IjXo")

  @Test("an RS256 token verifies with the public key", .enabled(if: EdgeServer.isInstalled))
  func rs256() async throws {
    let folder = try Folder.make()
    defer { Folder.remove(folder) }
    let loop = try EventLoop(name: "openssl")
    try loop.start()
    func shell(_ script: String) async throws -> Int32 {
      let child = try ChildProcess.spawn(
        on: loop, executable: "/bin/sh", arguments: ["-c", "set -e; cd \(folder); " + script],
        environment: ["PATH=/usr/bin:/bin"], onOutput: nil)
      return await child.exit.status
    }
    #expect(
      try await shell("openssl genrsa -out key 2048; openssl rsa -in key -pubout -out pub") == 0)
    let pem = String(decoding: Folder.read(folder + "/key"), as: UTF8.self)
    let server = TestServer { _, connection in connection.json("{}") }
    let sign = "{\"token\":{\"type\":\"jwt\",\"alg\":\"RS256\",\"key\":\"secret\"}}"
    // Once as a file has it, once as it is pasted out of a JSON file.
    for key in [pem, pem.split(separator: "\n").joined(separator: "\\n")] {
      let (fixture, made) = try fixture(server.base, sign, key: key, clock: Wall())
      try made.get()
      #expect(await fixture.send(poll(server.base)).response?.status == 200)
      let token = try #require(server.requests.last?.field("authorization")).dropFirst(7)
      let parts = token.split(separator: ".")
      #expect(parts.count == 3)
      Folder.write(Array("\(parts[0]).\(parts[1])".utf8), to: folder + "/text")
      Folder.write(Array("\(parts[2])==".utf8), to: folder + "/signature")
      let verify =
        "tr -- -_ +/ < signature | base64 -d > raw; "
        + "openssl dgst -sha256 -verify pub -signature raw text"
      #expect(try await shell(verify) == 0)
    }
    let (broken, _) = try fixture(server.base, sign, key: "no key", clock: Wall())
    #expect(await broken.send(poll(server.base)).failure?.error.code == .credentialMissing)
    await loop.stop()
  }

  @Test("an access token is fetched once for all who wait, and again when it has ended")
  func refresh() async throws {
    let server = TestServer { request, connection in
      request.path == "/token"
        ? connection.json("{\"access_token\":\"fresh\",\"expires_in\":600}") : connection.json("{}")
    }
    let clock = Wall()
    let sign = """
      {"token":{"type":"oauth_refresh","endpoint":"\(server.base)/token",
                "fields":{"refresh_token":"{{credential:secret}}","client_id":"me"}}}
      """
    let (fixture, made) = try fixture(server.base, sign, key: "r&=1", clock: clock)
    try made.get()
    await withTaskGroup { group in
      for _ in 0..<10 {
        group.addTask { #expect(await fixture.send(poll(server.base)).response != nil) }
      }
    }
    let asked = server.requests.filter { $0.path == "/token" }
    #expect(asked.count == 1)
    #expect(
      asked.first?.body
        == Array("grant_type=refresh_token&refresh_token=r%26%3D1&client_id=me".utf8))
    #expect(server.requests.filter { $0.field("authorization") == "Bearer fresh" }.count == 10)
    clock.advance(600)
    _ = await fixture.send(poll(server.base))
    #expect(server.requests.filter { $0.path == "/token" }.count == 2)
  }

  @Test("a token that is not given says so without what was sent")
  func noToken() async throws {
    let server = TestServer { request, connection in
      connection.json(String(decoding: request.body, as: UTF8.self), status: "400 Bad Request")
    }
    let sign = """
      {"token":{"type":"oauth_refresh","endpoint":"\(server.base)/token",
                "fields":{"refresh_token":"{{credential:secret}}"}}}
      """
    let (fixture, made) = try fixture(server.base, sign, key: Fixture.canary, clock: Wall())
    try made.get()
    let permit = PermitCounter()
    let exchange = await fixture.send(
      paid(server.base + "/v") { $0.fields = [("Authorization", "{{credential:token}}")] },
      permit: permit.permit)
    let failure = try #require(exchange.failure)
    #expect(failure.sent == .no)
    #expect(failure.error.code == .providerUnauthenticated)
    #expect(!"\(failure.error)".contains(Fixture.canary))
    #expect(permit.asked == 0)
  }

  @Test(
    "a section that says what cannot be done is refused",
    arguments: [
      "{\"token\":{\"type\":\"magic\"}}",
      "{\"token\":{\"type\":\"jwt\",\"alg\":\"none\",\"key\":\"secret\"}}",
      "{\"token\":{\"type\":\"jwt\",\"alg\":\"HS256\",\"key\":\"other\"}}",
      "{\"secret\":{\"type\":\"jwt\",\"alg\":\"HS256\",\"key\":\"secret\"}}",
      "{\"token\":{\"type\":\"jwt\",\"alg\":\"HS256\",\"key\":\"secret\",\"life\":1}}",
      "{\"token\":{\"type\":\"oauth_refresh\",\"endpoint\":\"http://example.com/\"}}", "[]",
    ])
  func refused(sign: String) throws {
    let (_, made) = try fixture("http://127.0.0.1:1", sign, key: "k", clock: Wall())
    #expect(throws: KinoraError.self) { try made.get() }
  }

  @Test("members of a JSON credential are used, alternatives in their order, a new file at once")
  func alternatives() async throws {
    let server = TestServer { request, connection in
      let body = String(decoding: request.body, as: UTF8.self)
      return request.path == "/token"
        ? connection.json("{\"access_token\":\"for-\(body.suffix(1))\",\"expires_in\":600}")
        : connection.json("{}")
    }
    let sign = """
      {"token":[
        {"type":"oauth_refresh","endpoint":"https://auth.example.com/token",
         "endpoint_from":"secret.uri","fields":{"r":"{{credential:secret.refresh}}"}},
        {"type":"oauth_refresh","endpoint":"\(server.base)/token",
         "fields":{"r":"{{credential:id.token.refresh}}"}}]}
      """
    let folder = try Folder.make()
    defer { Folder.remove(folder) }
    let fixture = try Fixture(server.base, .libcurl, clock: Wall())
    var settings = ProviderSettings(name: "p", plugin: "plug", baseURL: server.base)
    settings.transport = .libcurl
    settings.credentials = ["secret": .file(folder + "/s"), "id": .file(folder + "/login-*.json")]
    let catalog = Catalog(
      hosts: [], baseURL: server.base, transport: .libcurl,
      credentials: ["secret", "id"].map {
        CatalogCredential(name: $0, isRequired: false, help: "")
      },
      sign: try JSON.parse(Array(sign.utf8)), pollMilliseconds: 1, models: [])
    try fixture.pool.update(settings: [settings], catalogs: ["plug": catalog])
    func token() async -> String? {
      _ = await fixture.send(poll(server.base))
      return server.requests.last { $0.path == "/v" }?.field("authorization")
    }
    let lacks = fixture.pool.problem(provider: "p")
    #expect(lacks?.code == .credentialMissing)
    Folder.write(Array("{\"token\":{\"refresh\":\"A\"}}".utf8), to: folder + "/login-1.json")
    #expect(fixture.pool.problem(provider: "p") == nil)
    #expect(await token() == "Bearer for-A")
    func account(_ uri: String) {
      Folder.write(Array("{\"uri\":\"\(uri)\",\"refresh\":\"B\"}".utf8), to: folder + "/s")
    }
    account(server.base + "/token")
    #expect(await token() == "Bearer for-B")
    #expect(await token() == "Bearer for-B")
    account("http://example.com/")
    unlink(folder + "/login-1.json")
    #expect(fixture.pool.problem(provider: "p")?.message.contains("secret.uri") == true)
    #expect(server.requests.count { $0.path == "/token" } == 2)
    settings.credentials = [:]
    try fixture.pool.update(settings: [settings], catalogs: ["plug": catalog])
    #expect(
      fixture.pool.problem(provider: "p")?.message
        == "provider p: credential secret or id is not configured")
  }

  @Test("the last alternative may be a stored credential as it is")
  func stored() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let sign = """
      {"token":[{"type":"jwt","alg":"HS256","key":"absent"},{"type":"stored","key":"secret"}]}
      """
    let (fixture, made) = try fixture(
      server.base, sign, key: "a plain key", clock: Wall(), more: ["absent"])
    try made.get()
    #expect(await fixture.send(poll(server.base)).response?.status == 200)
    #expect(server.requests.first?.field("authorization") == "Bearer a plain key")
    let (_, wrong) = try self.fixture(
      server.base, #"{"token":{"type":"stored","key":"nobody"}}"#, key: "k", clock: Wall())
    let error = #expect(throws: KinoraError.self) { try wrong.get() }
    #expect(error?.field == "catalog.kinora.sign/1.token.key")
  }

  @Test("a token that the provider refuses is made anew once, a paid request is not repeated")
  func renewal() async throws {
    let made = Mutex(0)
    let server = TestServer { request, connection in
      if request.path == "/token" {
        let number = made.withLock { count in
          count += 1
          return count
        }
        return connection.json("{\"access_token\":\"t\(number)\",\"expires_in\":600}")
      }
      let isFresh = request.field("authorization") == "Bearer t2"
      return connection.json("{}", status: isFresh ? "200 OK" : "401 Unauthorized")
    }
    let sign = """
      {"token":{"type":"oauth_refresh","endpoint":"\(server.base)/token",
                "fields":{"refresh_token":"{{credential:secret}}"}}}
      """
    let (fixture, done) = try fixture(server.base, sign, key: "k", clock: Wall())
    try done.get()
    let permit = PermitCounter()
    let request = paid(server.base + "/v") {
      $0.fields = [("Authorization", "Bearer {{credential:token}}")]
    }
    #expect(await fixture.send(request, permit: permit.permit).response?.status == 401)
    #expect(permit.asked == 1)
    #expect(await fixture.send(poll(server.base)).response?.status == 200)
    #expect(server.requests.count { $0.path == "/v" } == 2)
  }
}
