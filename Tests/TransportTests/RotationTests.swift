import Glibc
import KinoraLoop
import KinoraModel
import KinoraTransport
import Synchronization
import Testing

/// Makers of tokens that give a new refresh token with each access token, and never take the old one
/// again (RFC 6749 §6, RFC 9700 §4.14.2).
@Suite struct RotationTests {
  /// Knows the one refresh token that is good, and counts on from it.
  private final class Maker: Sendable {
    let good = Mutex("r0")
    func answer(_ body: [UInt8]) -> (String, status: String) {
      good.withLock { good in
        guard String(decoding: body, as: UTF8.self).hasSuffix("refresh_token=\(good)") else {
          return (#"{"error":"invalid_grant"}"#, "400 Bad Request")
        }
        good = "r\((Int(good.dropFirst()) ?? 0) + 1)"
        return (
          #"{"access_token":"for-\#(good)","expires_in":600,"refresh_token":"\#(good)"}"#, "200 OK"
        )
      }
    }
  }

  private func server(_ maker: Maker) -> TestServer {
    TestServer { request, connection in
      guard request.path == "/token" else { return connection.json("{}") }
      let (text, status) = maker.answer(request.body)
      return connection.json(text, status: status)
    }
  }

  /// A pool on `folder`, as a daemon has after a start; `source` is where the login is.
  private func start(
    _ server: TestServer, _ source: ProviderSettings.CredentialSource, at clock: Wall,
    in folder: String, member: String = "login",
    reports: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> TransportPool {
    let loop = try EventLoop(name: "rotation-test")
    try loop.start()
    let setup = TransportSetup(
      scratch: folder, spoolPath: { folder + "/spool" }, environment: ["LOGIN": "r0"],
      entropy: TestEntropy(), clock: clock, report: reports)
    let pool = try TransportPool(setup, loop: loop)
    var settings = ProviderSettings(name: "p", plugin: "plug", baseURL: server.base)
    settings.transport = .libcurl
    settings.credentials = ["login": source]
    let path = member == "login" ? member : member + ".refresh_token"
    let sign = """
      {"token":{"type":"oauth_refresh","endpoint":"\(server.base)/token","keeps":"\(member)",
                "fields":{"refresh_token":"{{credential:\(path)}}"}}}
      """
    let catalog = Catalog(
      hosts: [], baseURL: server.base, transport: .libcurl,
      credentials: [CatalogCredential(name: "login", isRequired: true, help: "")],
      sign: try JSON.parse(Array(sign.utf8)), pollMilliseconds: 1000, models: [])
    try pool.update(settings: [settings], catalogs: ["plug": catalog])
    return pool
  }

  private func ask(_ pool: TransportPool, _ server: TestServer) async -> String? {
    let request = get(server.base + "/v") {
      $0.fields = [("Authorization", "{{credential:token}}")]
    }
    let exchange = await pool.send(request, provider: "p", permit: nil)
    if let error = exchange.failure?.error { return "\(error.code.rawValue): \(error.message)" }
    return server.requests.last { $0.path == "/v" }?.field("authorization")
  }

  @Test("a refresh token that was replaced is on the disk, mode 0600, and outlives a restart [C76]")
  func replaced() async throws {
    let folder = try Folder.make()
    defer { for part in ["/logins", ""] { Folder.remove(folder + part) } }
    let maker = Maker()
    let server = server(maker)
    let clock = Wall()
    let first = try start(server, .environment("LOGIN"), at: clock, in: folder)
    #expect(await ask(first, server) == "for-r1")
    clock.advance(600)
    #expect(await ask(first, server) == "for-r2")
    first.shutdown()
    var info = stat()
    #expect(stat(folder + "/logins/p.token.json", &info) == 0)
    #expect(info.st_mode & 0o777 == 0o600)
    #expect(stat(folder + "/logins", &info) == 0)
    #expect(info.st_mode & 0o777 == 0o700)
    let second = try start(server, .environment("LOGIN"), at: clock, in: folder)
    #expect(await ask(second, server) == "for-r3")
    // A person who logs in anew is believed at once.
    let file = folder + "/new"
    Folder.write(Array("r3".utf8), to: file)
    chmod(file, 0o600)
    maker.good.withLock { $0 = "r3" }
    let third = try start(server, .file(file), at: clock, in: folder)
    #expect(await ask(third, server) == "for-r4")
    second.shutdown()
    third.shutdown()
  }

  @Test("a login that has ended says so, where it is from, and not what it was [C76]")
  func ended() async throws {
    let folder = try Folder.make()
    defer { for part in ["/logins", ""] { Folder.remove(folder + part) } }
    let maker = Maker()
    maker.good.withLock { $0 = "r7" }
    let server = server(maker)
    let pool = try start(server, .environment("LOGIN"), at: Wall(), in: folder)
    let words = try #require(await ask(pool, server))
    #expect(words.contains("provider_unauthenticated") && words.contains("invalid_grant"))
    #expect(words.contains("log in again (environment variable LOGIN)"))
    #expect(!words.contains("r0"))
    pool.shutdown()
  }

  @Test(
    "a login of a folder gets its new refresh token back; where that fails it is told once [C76]")
  func folder() async throws {
    let folder = try Folder.make()
    defer {
      for part in ["/state0/logins", "/state1/logins", "/0", "/1", "/state0", "/state1", ""] {
        Folder.remove(folder + part)
      }
    }
    // One byte more than a file beside it could be called.
    let names = ["login-a.json", "login-\(String(repeating: "a", count: 240)).json"]
    for (number, name) in names.enumerated() {
      let maker = Maker()
      let server = server(maker)
      let clock = Wall()
      let logins = "\(folder)/\(number)"
      mkdir(logins, 0o700)
      let file = "\(logins)/\(name)"
      Folder.write(Array(#"{"token":{"refresh_token":"r0","expiry":""},"mine":1}"#.utf8), to: file)
      chmod(file, 0o600)
      let told = Mutex<[String]>([])
      let source = ProviderSettings.CredentialSource.folder(logins, match: "login-*.json")
      let state = "\(folder)/state\(number)"
      mkdir(state, 0o700)
      let pool = try start(
        server, source, at: clock, in: state, member: "login.token",
        reports: { text in told.withLock { $0.append(text) } })
      #expect(pool.warning(provider: "p") == nil)
      #expect(await ask(pool, server) == "for-r1")
      clock.advance(600)
      #expect(await ask(pool, server) == "for-r2")
      pool.shutdown()
      let again = try start(server, source, at: clock, in: state, member: "login.token")
      clock.advance(600)
      #expect(await ask(again, server) == "for-r3")
      again.shutdown()
      let kept = try JSON.parse(Folder.read(file))
      #expect(kept["mine"] == 1)
      #expect(kept["token"]?["refresh_token"]?.string == (number == 0 ? "r3" : "r0"))
      #expect(told.withLock { $0.count } == number)
      #expect((pool.warning(provider: "p") != nil) == (number == 1))
      var info = stat()
      #expect(stat(state + "/logins/p.token.json", &info) == (number == 1 ? 0 : -1))
    }
  }
}
