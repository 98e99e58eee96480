import KinoraModel
import KinoraTransport
import Testing

@Suite(.enabled(if: EdgeServer.isInstalled)) struct HTTP2Tests {
  @Test("behind TLS, libcurl and curl speak HTTP/2, paid or not [T37]")
  func http2() async throws {
    let edge = try await EdgeServer()
    for kind in [TransportKind.libcurl, .curl] {
      let fixture = try Fixture(edge.base, kind) { $0.caFile = edge.caFile }
      let poll = await fixture.send(get(edge.base + "/edge"))
      #expect(poll.response?.body == Array("{\"ok\":true}".utf8))
      #expect(poll.httpVersion == "2")
      let permit = PermitCounter()
      let submit = await fixture.send(paid(edge.base + "/edge"), permit: permit.permit)
      #expect(submit.response?.body == Array("{\"ok\":true}".utf8))
      #expect(submit.httpVersion == "2")
      #expect(submit.evidence["num_connects"] == 1)
      #expect(permit.asked == 1)
    }
    #expect(edge.log.count == 4)
    #expect(edge.log.allSatisfy { $0.contains("/edge HTTP/2.0") })
  }

  @Test("a large body goes whole over HTTP/2, and an early refusal of it is heard")
  func upload() async throws {
    let server = TestServer { _, connection in connection.json("{}") }
    let edge = try await EdgeServer(backend: server.port)
    for kind in [TransportKind.libcurl, .curl] {
      let fixture = try Fixture(edge.base, kind) { $0.caFile = edge.caFile }
      let path = fixture.file("input")
      Folder.write(TestEntropy().bytes(3 << 20), to: path)
      for (target, status) in [("/back", 200), ("/early", 401)] {
        let request = paid(edge.base + target) {
          $0.parts = [.file(path: path, length: 3 << 20, base64: true)]
        }
        let exchange = await fixture.send(request, permit: PermitCounter().permit)
        #expect(exchange.response?.status == status)
      }
    }
    #expect(server.requests.map(\.body.count) == [4 << 20, 4 << 20])
    #expect(server.requests.allSatisfy { $0.field("expect") == nil })
  }

  @Test("polls share one HTTP/2 connection; a paid submit never does")
  func pooled() async throws {
    let edge = try await EdgeServer()
    let fixture = try Fixture(edge.base, .libcurl) { $0.caFile = edge.caFile }
    await withTaskGroup { group in
      for i in 0..<20 {
        group.addTask { #expect(await fixture.send(get(edge.base + "/p/\(i)")).response != nil) }
      }
    }
    let exchange = await fixture.send(paid(edge.base + "/paid"), permit: PermitCounter().permit)
    #expect(exchange.response?.status == 200)
    func connections(_ word: String) -> Set<Substring> {
      Set(
        edge.log.filter { $0.contains(word) }.compactMap {
          $0.split(separator: " ").dropFirst(3).first
        })
    }
    #expect(connections("/p/").count == 1)
    #expect(connections("/paid").isDisjoint(with: connections("/p/")))
  }

  @Test(
    "an authority that is not configured, and a wrong name, are refused before anything is sent",
    arguments: TransportKind.allCases)
  func refused(kind: TransportKind) async throws {
    let edge = try await EdgeServer()
    let unknown = try Fixture(edge.base, kind)
    let permit = PermitCounter()
    let wrong = "https://127.0.0.1:\(edge.port)"
    var exchanges = [
      await unknown.send(get(edge.base + "/v")),
      await unknown.send(paid(edge.base + "/v"), permit: permit.permit),
    ]
    if kind != .urlsession {
      let named = try Fixture(wrong, kind) { $0.caFile = edge.caFile }
      exchanges.append(await named.send(get(wrong + "/v")))
    }
    for exchange in exchanges {
      let failure = try #require(exchange.failure)
      #expect(failure.error.code == .providerUnavailable)
      if exchange.transport != .urlsession {
        #expect(failure.sent == .no)
        #expect(failure.error.message.contains("certificate"))
      }
    }
    #expect(permit.asked == (kind == .curl ? 1 : 0))
    #expect(edge.log.isEmpty)
  }
}
