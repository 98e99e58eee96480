import Glibc
import KinoraModel
import KinoraTransport
import Testing

@Suite struct DownloadTests {
  private static let video = [UInt8](repeating: 9, count: 200_000)

  @Test("a redirect to another origin gets no credential [C38]", arguments: TransportKind.allCases)
  func redirect(kind: TransportKind) async throws {
    let other = TestServer(type: "video/mp4", body: Self.video)
    let server = TestServer { request, connection in
      let target = request.path == "/same" ? "/elsewhere" : "\(other.base)/asset?sig=1"
      return connection.send(
        "HTTP/1.1 302 Found\r\nlocation: \(target)\r\ncontent-length: 0\r\n\r\n")
    }
    // The other server has the same host and another port, so another origin; a private network is
    // allowed, and with it its port.
    let fixture = try Fixture(server.base, kind, hosts: ["127.0.0.1"]) { $0.allowsPrivate = true }
    let path = fixture.file("asset")
    let request = get(server.base + "/same") {
      $0.fields.append(("x-goog-api-key", "{{credential:api_key}}"))
      $0.fields.append(("x-plain", "stays"))
      $0.fields.append(("cookie", "literal=1"))
    }
    let exchange = await fixture.download(
      request, to: path, limit: 1 << 20)
    #expect(exchange.response?.status == 200)
    #expect(Folder.read(path) == Self.video)
    #expect(server.requests.map(\.path) == ["/same", "/elsewhere"])
    for seen in server.requests {
      #expect(seen.field("x-goog-api-key") == Fixture.canary)
    }
    let last = try #require(other.requests.first)
    #expect(last.field("authorization") == nil)
    #expect(last.field("x-goog-api-key") == nil)
    #expect(last.field("cookie") == nil)
    #expect(last.field("x-plain") == "stays")
  }

  @Test("a download from a host that the catalog names by a pattern carries no credential [C38]")
  func foreign() async throws {
    let server = TestServer(type: "video/mp4", body: Self.video)
    let fixture = try Fixture("http://127.0.0.1:1", .libcurl, hosts: ["*.localhost"]) {
      $0.allowsPrivate = true
    }
    let url = "http://cdn.localhost:\(server.port)/a"
    let exchange = await fixture.download(
      get(url), to: fixture.file("a"), limit: 1 << 20)
    #expect(exchange.response?.status == 200)
    #expect(server.requests.first?.field("authorization") == nil)
    let inQuery = await fixture.download(
      get(url + "?key={{credential:api_key}}"), to: fixture.file("a"), limit: 1 << 20)
    #expect(inQuery.failure?.error.code == .urlRefused)
  }

  @Test(
    "with * a result comes from a host nobody named, without credentials, and never from inside",
    arguments: TransportKind.allCases)
  func anywhere(kind: TransportKind) async throws {
    let server = TestServer(type: "video/mp4", body: Self.video)
    let open = try Fixture("http://127.0.0.1:1", kind, hosts: ["*"]) { $0.allowsPrivate = true }
    let path = open.file("a")
    let request = get("http://localhost:\(server.port)/a") {
      $0.fields.append(("x-api-key", "{{credential:api_key}}"))
    }
    let exchange = await open.download(request, to: path, limit: 1 << 20)
    #expect(exchange.response?.status == 200)
    #expect(exchange.transport == .libcurl)
    #expect(Folder.read(path) == Self.video)
    #expect(server.requests.first?.field("x-api-key") == nil)

    let closed = try Fixture("https://api.example.com", kind, hosts: ["*"])
    for url in ["https://127.0.0.1/a", "https://localhost/a", "https://[::1]/a"] {
      let refused = await closed.download(get(url), to: closed.file("a"), limit: 1000)
      #expect(refused.failure?.error.code == .urlRefused)
    }
  }

  @Test(
    "too many redirects, and one that leaves the provider, are refused",
    arguments: TransportKind.allCases)
  func refused(kind: TransportKind) async throws {
    let server = TestServer { request, connection in
      let target = request.path == "/out" ? "http://example.com/" : request.path
      return connection.send(
        "HTTP/1.1 302 Found\r\nlocation: \(target)\r\ncontent-length: 0\r\n\r\n")
    }
    let fixture = try Fixture(server.base, kind)
    for path in ["/loop", "/out"] {
      let exchange = await fixture.download(
        get(server.base + path), to: fixture.file("a"), limit: 1000)
      #expect(exchange.failure?.error.code == .urlRefused)
    }
    #expect(server.requests.filter { $0.path == "/loop" }.count == 4)
  }

  @Test("an asset over its limit leaves no file", arguments: TransportKind.allCases)
  func limit(kind: TransportKind) async throws {
    let server = TestServer { request, connection in
      let length = request.path == "/known" ? "content-length: 200000\r\n" : ""
      connection.send(
        "HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\nconnection: close\r\n\(length)\r\n")
      connection.send(Self.video)
      return false
    }
    let fixture = try Fixture(server.base, kind)
    for path in ["/known", "/unknown"] {
      let file = fixture.file("asset")
      let exchange = await fixture.download(
        get(server.base + path), to: file, limit: 199_999)
      #expect(exchange.failure?.error.code == .tooLarge)
      #expect(access(file, F_OK) != 0)
    }
  }

  @Test(
    "a page or an error is given back in memory, never saved as the asset",
    arguments: TransportKind.allCases)
  func page(kind: TransportKind) async throws {
    let server = TestServer { request, connection in
      let page = "<!DOCTYPE html><title>Just a moment</title>"
      return request.path == "/page"
        ? connection.send(
          "HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncf-ray: 8a1\r\nserver: cloudflare\r\n"
            + "content-length: \(page.utf8.count)\r\n\r\n\(page)")
        : connection.json("{\"error\":\"gone\"}", status: "410 Gone")
    }
    let fixture = try Fixture(server.base, kind)
    let file = fixture.file("asset")
    let page = await fixture.download(
      get(server.base + "/page"), to: file, limit: 1000)
    #expect(page.response?.spools == [])
    #expect(page.response?.body.starts(with: "<!DOCTYPE".utf8) == true)
    #expect(page.evidence["html"] == true)
    #expect(page.evidence["cf-ray"] == "8a1")
    let gone = await fixture.download(
      get(server.base + "/gone"), to: file, limit: 1000)
    #expect(gone.response?.status == 410)
    #expect(gone.response?.body == Array("{\"error\":\"gone\"}".utf8))
    #expect(access(file, F_OK) != 0)
  }
}
