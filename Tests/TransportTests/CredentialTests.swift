import Glibc
import KinoraModel
import KinoraTransport
import Testing

@Suite struct CredentialTests {
  private func store(
    _ source: ProviderSettings.CredentialSource, directory: String? = nil,
    environment: [String: String] = [:]
  ) -> CredentialStore {
    CredentialStore(
      provider: "p", sources: ["key": source], directory: directory, environment: environment)
  }

  private func error(_ store: CredentialStore, _ name: String = "key") -> KinoraError? {
    #expect(throws: KinoraError.self) { try store.secret(name) }
  }

  @Test("a file is read without its line end, and again when it changes")
  func file() throws {
    let folder = try Folder.make()
    defer { Folder.remove(folder) }
    let path = folder + "/key"
    Folder.write(Array("one\n".utf8), to: path)
    let store = store(.file(path))
    #expect(try store.secret("key").reveal() == "one")
    #expect(store.describe("key") == "file \(path)")
    Folder.write(Array("two-longer\r\n".utf8), to: path)
    #expect(try store.secret("key").reveal() == "two-longer")
    unlink(path)
    #expect(error(store)?.code == .credentialMissing)
  }

  @Test(
    "a file that others may read or write is refused",
    arguments: [0o604, 0o644, 0o620, 0o602, 0o666])
  func mode(mode: UInt32) throws {
    let folder = try Folder.make()
    defer { Folder.remove(folder) }
    let path = folder + "/key"
    Folder.write(Array("s3cret".utf8), to: path, mode: mode)
    let message = error(store(.file(path)))?.message ?? ""
    #expect(message.contains("chmod 600"))
    #expect(!message.contains("s3cret"))
  }

  @Test("systemd's folder and the environment are the other two places")
  func places() throws {
    let folder = try Folder.make()
    defer { Folder.remove(folder) }
    Folder.write(Array("from-systemd\n".utf8), to: folder + "/entry", mode: 0o440)
    #expect(
      try store(.systemd("entry"), directory: folder).secret("key").reveal() == "from-systemd")
    #expect(
      try store(.environment("KEY"), environment: ["KEY": "from-env"]).secret("key").reveal()
        == "from-env")
    #expect(store(.systemd("entry")).describe("key") == "systemd credential entry")
  }

  @Test("what is missing is named with its provider and the place that was looked at")
  func missing() throws {
    let cases: [(CredentialStore, String)] = [
      (store(.file("/nonexistent/key")), "file /nonexistent/key"),
      (store(.systemd("entry")), "$CREDENTIALS_DIRECTORY is not set"),
      (store(.environment("KEY")), "environment variable KEY is not set"),
      (store(.environment("KEY"), environment: ["KEY": "\n"]), "is empty"),
      (store(.file("/proc")), "is not a regular file"),
    ]
    for (store, expected) in cases {
      let found = error(store)
      #expect(found?.code == .credentialMissing)
      #expect(found?.message.hasPrefix("provider p: credential key ") == true)
      #expect(found?.message.contains(expected) == true)
      #expect(found?.field == "providers.p.credentials.key")
    }
    #expect(error(store(.environment("KEY")), "other")?.message.contains("not configured") == true)
  }

  @Test("placeholders are filled in header values and query values only")
  func filling() throws {
    let secrets = ["k": Secret("a&b=c d%/é")]
    #expect(
      try CredentialFilling.fill(url: "https://h/p?x=1&key={{credential:k}}&y", secrets)
        == "https://h/p?x=1&key=a%26b%3Dc%20d%25%2F%C3%A9&y")
    #expect(
      try CredentialFilling.fill(value: "Key {{credential:k}}!", secrets) == "Key a&b=c d%/é!")
    #expect(
      try CredentialFilling.fill(value: "{{x}} {{credential:}} {{", secrets)
        == "{{x}} {{credential:}} {{")
    for url in [
      "https://h/{{credential:k}}", "https://{{credential:k}}/", "https://h/?{{credential:k}}=1",
    ] {
      #expect(throws: KinoraError.self) {
        try CredentialFilling.names(url: url, fields: [], declared: ["k"])
      }
    }
    let error = #expect(throws: KinoraError.self) {
      try CredentialFilling.names(
        url: "https://h/", fields: [("a", "{{credential:other}}")], declared: ["k"])
    }
    #expect(error?.code == .pluginFault)
    #expect(error?.allowed == ["k"])
  }

  @Test(
    "a line end in a header, an address or a secret refuses the step, and nothing is sent",
    arguments: TransportKind.allCases)
  func injection(kind: TransportKind) async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base, kind)
    let bad: [(inout ProviderRequest) -> Void] = [
      { $0.fields.append(("X-A", "a\r\nX-B: b")) }, { $0.fields.append(("X-A", "a\nb")) },
      { $0.fields.append(("X-A", "a\u{0}b")) }, { $0.fields.append(("X-A\r\nX-B", "b")) },
      { $0.fields.append(("X A", "b")) }, { $0.fields.append(("", "b")) },
      { $0.fields.append(("Host", "evil.example")) }, { $0.fields.append(("Content-Length", "1")) },
      { $0.fields.append(("transfer-encoding", "chunked")) }, { $0.url += "?a=\r\nb" },
      { $0.url += "?a=\u{0}" }, { $0.method = "GET /x HTTP/1.1\r\n" }, { $0.method = "get" },
      { $0.fields.append(("@/etc/passwd", "b")) },
    ]
    for change in bad {
      let permit = PermitCounter()
      let exchange = await fixture.send(
        paid(server.base + "/v", "{}", change), permit: permit.permit)
      #expect(exchange.failure?.sent == .no)
      #expect(permit.asked == 0)
      #expect(await fixture.send(get(server.base + "/v", change)).failure?.sent == .no)
    }
    let broken = try Fixture(server.base, kind, key: "abc\r\nX-Evil: 1\r\nZ")
    let exchange = await broken.send(get(server.base + "/v"))
    #expect(exchange.failure?.error.code == .credentialMissing)
    #expect(server.connectionCount == 0)
  }

  @Test("values that mean something to curl arrive as they are", arguments: TransportKind.allCases)
  func oddValues(kind: TransportKind) async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base, kind)
    let exchange = await fixture.send(
      get(server.base + "/v?a[0]={x}&b=%{c}") {
        $0.url = server.base + "/v?a[0]={x,y}&b=[1-3]"
        $0.fields.append(("X-Quote", "\"a\\b\" ;c: d"))
        $0.fields.append(("X-Colon", "@/etc/passwd"))
      })
    #expect(exchange.response?.status == 200)
    let seen = try #require(server.requests.first)
    #expect(seen.path == "/v?a%5B0%5D=%7Bx,y%7D&b=%5B1-3%5D")
    #expect(seen.field("x-quote") == "\"a\\b\" ;c: d")
    #expect(seen.field("x-colon") == "@/etc/passwd")
    #expect(server.requests.count == 1)
  }
}
