import KinoraModel
import KinoraTransport
import Testing

@Suite struct EgressTests {
  private func egress(
    _ base: String = "https://api.example.com/v1",
    _ hosts: [String] = ["cdn.example.com", "*.blob.example.net"],
    change: (inout ProviderSettings) -> Void = { _ in }
  ) throws -> Egress {
    var settings = ProviderSettings(name: "p", plugin: "plug", baseURL: base)
    change(&settings)
    return try Egress(settings: settings, hosts: hosts)
  }

  @Test(
    "requests go to the base address and the catalog's hosts, and only by https [T39]",
    arguments: [
      ("https://api.example.com/v2/x", true), ("https://cdn.example.com/a.mp4", true),
      ("https://x.blob.example.net/", true), ("https://a.b.blob.example.net/", true),
      ("https://blob.example.net/", false), ("https://evilblob.example.net/", false),
      ("https://api.example.com.evil.example/", false), ("https://api.example.com:8443/", false),
      ("http://api.example.com/", false), ("http://cdn.example.com/", false),
      ("https://cdn.example.com:8443/", false), ("https://169.254.169.254/", false),
      ("https://sub.cdn.example.com/", false),
    ])
  func hosts(text: String, allowed: Bool) throws {
    let egress = try egress()
    let url = try OutboundURL(text)
    if allowed {
      try egress.check(url)
    } else {
      let error = #expect(throws: KinoraError.self) { try egress.check(url) }
      #expect(error?.code == .urlRefused)
    }
  }

  @Test("plain http is configured for loopback, or allowed in words [T39]")
  func plain() throws {
    _ = try egress("http://127.0.0.1:9000")
    _ = try egress("http://localhost:9000")
    _ = try egress("http://[::1]:9000")
    let error = #expect(throws: KinoraError.self) { _ = try egress("http://10.0.0.5:8188") }
    #expect(error?.code == .configuration)
    #expect(error?.field == "providers.p.base_url")
    _ = try egress("http://10.0.0.5:8188") { $0.allowsPrivate = true }
  }

  @Test("credentials of a download belong to the base address and hosts named in full")
  func own() throws {
    let egress = try egress()
    #expect(egress.isOwn(try OutboundURL("https://api.example.com/x")))
    #expect(egress.isOwn(try OutboundURL("https://cdn.example.com/x")))
    #expect(!egress.isOwn(try OutboundURL("https://a.blob.example.net/x")))
    #expect(!egress.isOwn(try OutboundURL("https://cdn.example.com:444/x")))
  }

  @Test("with * in the catalog results may lie anywhere, requests go where they went before")
  func anywhere() throws {
    let egress = try egress("https://api.example.com/v1", ["cdn.example.com", "*"])
    let url = try OutboundURL("https://media.example.org/a.mp4")
    try egress.check(url, isDownload: true)
    #expect(!egress.isOwn(url))
    let error = #expect(throws: KinoraError.self) { try egress.check(url) }
    #expect(error?.code == .urlRefused)
    for text in ["http://media.example.org/a.mp4", "https://media.example.org:8443/a.mp4"] {
      let url = try OutboundURL(text)
      #expect(throws: KinoraError.self) { try egress.check(url, isDownload: true) }
    }
  }

  @Test("a request outside is refused before a credential is read or a byte is sent")
  func refused() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture("https://api.example.com")
    for request in [get(server.base + "/"), paid(server.base + "/")] {
      let permit = PermitCounter()
      let exchange = await fixture.send(request, permit: permit.permit)
      #expect(exchange.failure?.error.code == .urlRefused)
      #expect(exchange.failure?.sent == .no)
      #expect(permit.asked == 0)
    }
    #expect(server.connectionCount == 0)
  }

  @Test(
    "a name that resolves to a private address is not dialled",
    arguments: [nil, TransportKind.libcurl])
  func rebinding(kind: TransportKind?) async throws {
    // localhost is in the catalog, but the provider is not configured to be there.
    let fixture = try Fixture("https://api.example.com", kind, hosts: ["localhost"])
    let permit = PermitCounter()
    let exchange = await fixture.send(paid("https://localhost/v1"), permit: permit.permit)
    #expect(exchange.failure?.error.code == .urlRefused)
    #expect(exchange.failure?.sent == .no)
    #expect(permit.asked == 0)
  }
}
