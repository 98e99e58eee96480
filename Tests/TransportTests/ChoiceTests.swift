import KinoraModel
import KinoraTransport
import Testing

@Suite struct ChoiceTests {
  private func choose(
    _ configured: TransportKind?, _ catalog: TransportKind, ca: String? = nil, proxy: String? = nil
  ) throws -> String {
    var settings = ProviderSettings(name: "p", plugin: "x", baseURL: "https://h")
    settings.transport = configured
    settings.caFile = ca
    settings.proxy = proxy
    let choice = try TransportChoice(settings: settings, catalogDefault: catalog)
    return "\(choice.kind.rawValue) (\(choice.reason))"
  }

  @Test(
    "the transport is chosen for each provider: configured, else what works, else the catalog's [P7]"
  )
  func choice() throws {
    #expect(try choose(nil, .urlsession) == "urlsession (catalog default)")
    #expect(try choose(nil, .curl) == "curl (catalog default)")
    #expect(try choose(.libcurl, .curl) == "libcurl (configured)")
    #expect(try choose(nil, .urlsession, ca: "/ca.pem") == "libcurl (ca_file)")
    #expect(try choose(nil, .urlsession, proxy: "http://p:1") == "libcurl (proxy)")
    #expect(try choose(nil, .curl, ca: "/ca.pem") == "curl (catalog default)")
    #expect(try choose(.curl, .urlsession, proxy: "http://p:1") == "curl (configured)")
    for (ca, proxy) in [("/ca.pem", nil), (nil, "http://p:1")] as [(String?, String?)] {
      let error = #expect(throws: KinoraError.self) {
        _ = try choose(.urlsession, .curl, ca: ca, proxy: proxy)
      }
      #expect(error?.code == .configuration)
      #expect(error?.field == "providers.p.transport")
    }
  }

  @Test("the native client is the default for polls and downloads, never for paid requests [T44]")
  func native() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base)
    let poll = await fixture.send(get(server.base + "/v"))
    #expect(poll.transport == .urlsession)
    #expect(poll.reason == "catalog default")
    #expect(server.requests.last?.field("user-agent")?.contains("curl/7") == true)
    let submit = await fixture.send(paid(server.base + "/v"), permit: PermitCounter().permit)
    #expect(submit.transport == .libcurl)
    #expect(submit.reason == "paid")
    #expect(fixture.pool.choice(provider: "p")?.kind == .urlsession)
    #expect(fixture.pool.choice(provider: "q") == nil)
  }

  @Test("a reload changes the next request; one that cannot be is refused whole")
  func reload() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base, .libcurl)
    var settings = ProviderSettings(name: "p", plugin: "plug", baseURL: server.base)
    settings.credentials = ["api_key": .environment("TEST_KEY")]
    settings.transport = .curl
    let catalog = Catalog(
      hosts: [], baseURL: server.base, transport: .urlsession,
      credentials: [CatalogCredential(name: "api_key", isRequired: true, help: "")], sign: nil,
      pollMilliseconds: 1, models: [])
    try fixture.pool.update(settings: [settings], catalogs: ["plug": catalog])
    #expect(await fixture.send(get(server.base + "/v")).transport == .curl)
    settings.baseURL = "http://example.com"
    #expect(throws: KinoraError.self) {
      try fixture.pool.update(settings: [settings], catalogs: ["plug": catalog])
    }
    #expect(await fixture.send(get(server.base + "/v")).response?.status == 200)
    let unknown = await fixture.pool.send(get(server.base + "/"), provider: "q", permit: nil)
    #expect(unknown.failure?.error.code == .unavailable)
  }

  @Test(
    "a configured proxy is used, and the answer to CONNECT is not taken for the provider's",
    arguments: [TransportKind.libcurl, .curl])
  func proxy(kind: TransportKind) async throws {
    let proxy = TestServer { request, connection in
      request.line.hasPrefix("CONNECT ")
        ? connection.json("{\"from\":\"proxy\"}", status: "403 Forbidden")
        : connection.json("{\"line\":\"\(request.line)\"}")
    }
    let plain = try Fixture("http://localhost:9", kind) { $0.proxy = proxy.base }
    let exchange = await plain.send(get("http://localhost:9/v"))
    #expect(
      exchange.response?.body == Array("{\"line\":\"GET http://localhost:9/v HTTP/1.1\"}".utf8))
    let tunnel = try Fixture("https://api.example.com", kind) { $0.proxy = proxy.base }
    let refused = await tunnel.send(
      paid("https://api.example.com/v"), permit: PermitCounter().permit)
    #expect(refused.failure?.sent == .no)
    let connect = try #require(proxy.requests.last)
    #expect(connect.line.hasPrefix("CONNECT api.example.com:443 "))
    #expect(connect.field("authorization") == nil)
  }

  @Test("a canary key appears in no evidence and in no error", arguments: TransportKind.allCases)
  func canary(kind: TransportKind) async throws {
    let fixture = try Fixture("http://127.0.0.1:1", kind)
    let url = "http://127.0.0.1:1/v?key={{credential:api_key}}"
    for exchange in [
      await fixture.send(get(url)), await fixture.send(paid(url), permit: PermitCounter().permit),
      await fixture.download(
        get(url), to: fixture.file("a"), limit: 10),
      await fixture.send(get(url) { $0.timeout = 1 }),
    ] {
      let error = try #require(exchange.failure?.error)
      #expect(!"\(error)".contains(Fixture.canary))
      #expect(!exchange.evidence.text.contains(Fixture.canary))
    }
  }
}
