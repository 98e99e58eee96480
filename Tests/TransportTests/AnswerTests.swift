import KinoraModel
import KinoraTransport
import Testing

@Suite struct AnswerTests {
  private func answer(
    _ body: [UInt8], type: String = "application/json", _ change: (inout ProviderRequest) -> Void
  )
    async throws -> (Exchange, Fixture)
  {
    let server = TestServer(type: type, body: body)
    let fixture = try Fixture(server.base, .libcurl)
    return (await fixture.send(get(server.base + "/v", change)), fixture)
  }

  @Test("long strings become files with pointers, short ones stay")
  func lifted() async throws {
    let long = String(repeating: "QUJD", count: 2000)
    let slashes = String(repeating: "a\\/b\\u0041\\ud83d\\ude00", count: 400)
    let text = """
      {"data":[{"b64_json":"\(long)","n":1.50},{"b64_json":"short"}],"a/b~c":{"x":"\(slashes)"}}
      """
    let (exchange, fixture) = try await answer(Array(text.utf8)) { $0.liftsStrings = true }
    let response = try #require(exchange.response)
    let rest = String(decoding: response.body, as: UTF8.self)
    #expect(
      rest
        == "{\"data\":[{\"b64_json\":\"\",\"n\":1.50},{\"b64_json\":\"short\"}],\"a/b~c\":{\"x\":\"\"}}"
    )
    #expect(response.spools.map(\.ref) == ["out0", "out1"])
    #expect(response.spools.map(\.pointer) == ["/data/0/b64_json", "/a~1b~0c/x"])
    #expect(response.spools.map(\.length) == [8000, Int64(400 * 8)])
    #expect(Folder.read(response.spools[0].path) == Array(long.utf8))
    #expect(
      Folder.read(response.spools[1].path) == Array(String(repeating: "a/bA😀", count: 400).utf8))
    _ = fixture
  }

  @Test("without the flag nothing is lifted, and what is no JSON is left alone")
  func unlifted() async throws {
    let text = Array("{\"a\":\"\(String(repeating: "x", count: 9000))\"}".utf8)
    let plain = try await answer(text) { _ in }
    #expect(plain.0.response?.body == text)
    #expect(plain.0.response?.spools == [])
    let page = Array("<html>\"\(String(repeating: "x", count: 9000))\"</html>".utf8)
    let html = try await answer(page) { $0.liftsStrings = true }
    #expect(html.0.response?.body == page)
    #expect(html.0.evidence["html"] == true)
  }

  @Test(
    "a broken escape in a long string is the provider's fault; the rest of JSON is the plugin's")
  func broken() async throws {
    let bad = Array("{\"a\":\"\(String(repeating: "x", count: 9000))\\q\"}".utf8)
    let exchange = try await answer(bad) { $0.liftsStrings = true }
    #expect(exchange.0.failure?.error.code == .providerProtocol)
    let cut = Array("{\"a\":\"\(String(repeating: "x", count: 9000))\",".utf8)
    let (half, fixture) = try await answer(cut) { $0.liftsStrings = true }
    #expect(half.response?.body == Array("{\"a\":\"\",".utf8))
    #expect(half.response?.spools.map(\.pointer) == [""])
    _ = fixture
  }

  @Test("a streamed answer that is JSON or an error stays in memory")
  func streamed() async throws {
    let json = try await answer(Array("{\"status\":\"pending\"}".utf8)) { $0.streamsToFile = true }
    #expect(json.0.response?.spools == [])
    #expect(json.0.response?.body == Array("{\"status\":\"pending\"}".utf8))
    let (video, fixture) = try await answer([0, 1, 2], type: "video/mp4") {
      $0.streamsToFile = true
    }
    #expect(video.response?.spools.count == 1)
    #expect(video.response?.body == [])
    _ = fixture
  }

  @Test("the configured cap holds whatever the plugin asks for")
  func configuredCap() async throws {
    let server = TestServer(body: [UInt8](repeating: 65, count: 5000))
    let fixture = try Fixture(server.base, .libcurl) { $0.maxAnswerBytes = 4000 }
    let exchange = await fixture.send(get(server.base + "/v") { $0.maxBody = 1_000_000 })
    #expect(exchange.failure?.error.code == .tooLarge)
  }

  @Test(
    "a body in parts is streamed with its length known, base64 padded without line ends",
    arguments: [0, 1, 2, 3, 4, 49_151, 49_152, 49_153, 100_000])
  func base64(count: Int) async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let bytes = TestEntropy().bytes(count)
    for kind in TransportKind.allCases {
      let fixture = try Fixture(server.base, kind)
      let path = fixture.file("input")
      Folder.write(bytes, to: path)
      let request = paid(server.base + "/v") {
        $0.parts = [
          .bytes(Array("{\"image\":\"".utf8)),
          .file(path: path, length: Int64(count), base64: true),
          .bytes(Array("\"}".utf8)),
        ]
      }
      let exchange = await fixture.send(request, permit: PermitCounter().permit)
      #expect(exchange.response?.status == 200)
      #expect(server.requests.last?.body == Array("{\"image\":\"\(reference(bytes))\"}".utf8))
      #expect(server.requests.last?.field("transfer-encoding") == nil)
    }
  }

  @Test("an input that is gone or was changed refuses the request before the permit")
  func changedInput() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let fixture = try Fixture(server.base)
    let path = fixture.file("input")
    Folder.write([1, 2, 3], to: path)
    for part in [
      ProviderRequest.Part.file(path: path, length: 4, base64: false),
      .file(path: path + "-none", length: 3, base64: false), .input(ref: "in0", base64: false),
    ] {
      let permit = PermitCounter()
      let exchange = await fixture.send(
        paid(server.base + "/v") { $0.parts = [part] }, permit: permit.permit)
      #expect(exchange.failure?.sent == .no)
      #expect(permit.asked == 0)
    }
    #expect(server.connectionCount == 0)
  }

  /// Straight from the definition, bit by bit.
  private func reference(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count * 4 / 3 + 4)
    var bits = 0
    var value = 0
    for byte in bytes {
      value = (value << 8 | Int(byte)) & 0xffff
      bits += 8
      while bits >= 6 {
        bits -= 6
        out.append(alphabet[value >> bits & 63])
      }
    }
    if bits > 0 { out.append(alphabet[value << (6 - bits) & 63]) }
    while out.count % 4 != 0 { out.append(UInt8(ascii: "=")) }
    return String(decoding: out, as: UTF8.self)
  }
}
