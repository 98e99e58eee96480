import KinoraHTTP
import Synchronization
import Testing

@Suite struct BodyTests {
  private final class Sink: HTTPBodySink {
    private let state = Mutex((bytes: [UInt8](), pieces: 0))
    private let most: Int
    init(most: Int) { self.most = most }

    func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) {
      let count = state.withLock {
        $0.bytes += bytes
        $0.pieces += 1
        return $0.bytes.count
      }
      if count > most { throw HTTPRefusal(HTTPResponse(status: 422)) }
    }

    var count: Int { state.withLock { $0.bytes.count } }
    var pieces: Int { state.withLock { $0.pieces } }
  }

  private func server(most: Int = .max, limit: Int = 4 << 20) async throws -> TestServer {
    try await TestServer(
      service: TestService(
        { request in
          guard let sink = request.sink as? Sink else { return nil }
          return .now(.text("\(sink.count) \(request.body.count) \(sink.pieces > 1)"))
        }, plan: { _ in .stream(Sink(most: most), limit: limit) }))
  }

  private static let mega = String(repeating: "0123456789abcdef", count: 65_536)

  @Test("a streamed body goes to its sink in pieces, nothing is kept")
  func streamed() async throws {
    let server = try await server()
    let length = "Content-Length: 1048576\r\n\r\n"
    let text = try await server.exchange("POST /a HTTP/1.1\r\nHost: x\r\n\(length)\(Self.mega)")
    #expect(text.statuses == [200, 299])
    #expect(text.contains("\r\n\r\n1048576 0 true"))
    let chunked = try await server.exchange(
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "100000\r\n\(Self.mega)\r\n100000\r\n\(Self.mega)\r\n0\r\n\r\n")
    #expect(chunked.contains("\r\n\r\n2097152 0 true"))
    await server.stop()
  }

  @Test("a POST without a body is planned too, so that its sink is there")
  func empty() async throws {
    let server = try await server()
    let text = try await server.exchange("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    #expect(text.contains("\r\n\r\n0 0 false"))
    await server.stop()
  }

  @Test("a sink's refusal is answered at once, and the client that still sends can read it")
  func refused() async throws {
    let server = try await server(most: 100_000)
    let client = try server.client()
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n\(Self.mega)")
    let text = await client.all()
    #expect(text.statuses == [422])
    #expect(text.field("Connection") == "close")
    client.close()
    await server.stop()
  }

  @Test("a chunked body that grows past its limit is 413 where it does")
  func tooLarge() async throws {
    let server = try await server(limit: 1_500_000)
    let client = try server.client()
    client.send(
      "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "100000\r\n\(Self.mega)\r\n100000\r\n\(Self.mega)")
    #expect(await client.all().statuses == [413])
    client.close()
    #expect(server.service.requests.isEmpty)
    await server.stop()
  }

  @Test("a refusal in the plan comes before the body")
  func planned() async throws {
    let server = try await TestServer(
      service: TestService(plan: { _ in .refuse(HTTPResponse(status: 409)) }))
    let client = try server.client()
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
    #expect(await client.all().statuses == [409])
    client.close()
    await server.stop()
  }
}
