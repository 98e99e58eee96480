import KinoraHTTP
import Synchronization
import Testing

@Suite struct StreamTests {
  private static let request = "GET /s HTTP/1.1\r\nHost: x\r\n\r\n"

  private func server(
    _ limits: HTTPLimits = HTTPLimits(), heartbeatSeconds: Int = 15, farewell: String = "",
    _ run: @escaping @Sendable (any HTTPStream) async -> Void
  ) async throws -> TestServer {
    try await TestServer(
      limits,
      service: TestService { request in
        guard request.path == "/s" else { return nil }
        let streaming = HTTPStreaming(
          heartbeatSeconds: heartbeatSeconds, farewell: Array(farewell.utf8), run: run)
        let response = HTTPResponse(
          status: 200, fields: ["Content-Type": "text/event-stream"], body: .stream(streaming))
        return request.query == "later" ? .later { response } : .now(response)
      })
  }

  @Test("a stream is chunked, ends with its closure, and the connection goes on")
  func chunked() async throws {
    let server = try await server { stream in
      for word in ["one", "two", ""] { try? await stream.write(Array(word.utf8)) }
    }
    for query in ["", "?later"] {
      let text = try await server.exchange("GET /s\(query) HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(text.statuses == [200, 299])
      #expect(text.field("Transfer-Encoding") == "chunked")
      #expect(text.body.hasPrefix("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 299"))
    }
    #expect(server.server.statistics.streams == 0)
    await server.stop()
  }

  @Test("HTTP/1.0 gets the bytes as they are, until the connection closes")
  func old() async throws {
    let server = try await server { try? await $0.write(Array("plain".utf8)) }
    let client = try server.client()
    client.send("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    let text = await client.all()
    #expect(text.field("Transfer-Encoding") == nil)
    #expect(text.field("Connection") == "close")
    #expect(text.body == "plain")
    client.close()
    await server.stop()
  }

  @Test("the first bytes arrive while the stream still runs")
  func live() async throws {
    let server = try await server { stream in
      try? await stream.write(Array("first".utf8))
      try? await Task.sleep(for: .seconds(60))
    }
    let client = try server.client()
    client.send(Self.request)
    #expect(await client.wait { $0.contains("first\r\n") }.statuses == [200])
    #expect(server.server.statistics.streams == 1)
    client.close()
    #expect(await eventually { server.server.statistics.streams == 0 })
    await server.stop()
  }

  @Test("silence is filled with heartbeats")
  func heartbeat() async throws {
    let server = try await server(heartbeatSeconds: 1) { _ in
      try? await Task.sleep(for: .seconds(60))
    }
    let client = try server.client()
    client.send(Self.request)
    let text = await client.wait { $0.ranges(of: "d\r\n: keep-alive\n\r\n").count >= 2 }
    #expect(text.body.hasPrefix("d\r\n: keep-alive\n\r\nd\r\n: keep-alive\n\r\n"))
    client.close()
    await server.stop()
  }

  @Test("a client that leaves cancels the stream's task and fails its writes")
  func leaves() async throws {
    let log = EventLog()
    let server = try await server { stream in
      try? await Task.sleep(for: .seconds(60))
      log.add(Task.isCancelled ? "cancelled" : "ran")
      do throws(HTTPGone) {
        try await stream.write([65])
        log.add("written")
      } catch {
        log.add("gone")
      }
    }
    let client = try server.client()
    client.send(Self.request)
    await client.wait { $0.contains("\r\n\r\n") }
    client.close()
    #expect(await eventually { server.service.ended.count == 1 })
    #expect(log.list == ["cancelled", "gone"])
    await server.stop()
  }

  @Test("a writer waits for a reader that is slow, and nothing is lost")
  func pressure() async throws {
    let written = Atomic<Int>(0)
    let block = [UInt8](repeating: 66, count: 16_384)
    let box = Shared(written)
    let server = try await server { stream in
      for _ in 0..<256 {
        guard (try? await stream.write(block)) != nil else { return }
        box.value.wrappingAdd(1, ordering: .relaxed)
      }
    }
    let client = try server.client(reading: false)
    client.send(Self.request)
    #expect(await eventually { box.value.load(ordering: .relaxed) > 4 })
    try await Task.sleep(for: .milliseconds(200))
    // The kernel's buffers and the room, far from the 4 MiB that were wanted.
    #expect(box.value.load(ordering: .relaxed) < 128)
    client.startReading()
    let received = await client.waitBytes { bytes, ended in
      ended || bytes.suffix(5) == Array("0\r\n\r\n".utf8)
    }
    // The head, 256 chunks with `4000` and two line ends, the last chunk.
    let start = String(decoding: received.bytes.prefix(400), as: UTF8.self)
    let head = start.ranges(of: "\r\n\r\n").first.map { start[..<$0.upperBound].utf8.count }
    #expect(received.bytes.count == (head ?? 0) + 256 * (block.count + 8) + 5)
    client.close()
    await server.stop()
  }

  @Test("a reader that has stalled fails the write that waits")
  func stalls() async throws {
    var limits = HTTPLimits()
    limits.stallSeconds = 0.3
    let log = EventLog()
    let server = try await server(limits) { stream in
      do throws(HTTPGone) {
        while true { try await stream.write([UInt8](repeating: 66, count: 100_000)) }
      } catch {
        log.add("gone")
      }
    }
    let client = try server.client(reading: false)
    client.send(Self.request)
    #expect(await eventually { log.list == ["gone"] })
    #expect(server.server.statistics.stalled == 1)
    client.close()
    await server.stop()
  }

  @Test("writers that together pile up more than the backlog drop the client")
  func backlog() async throws {
    let log = EventLog()
    let server = try await server { stream in
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<64 {
          group.addTask {
            let whole: Void? = try? await stream.write(
              [UInt8](repeating: 66, count: 64 * 1024))
            if whole == nil { log.add("gone") }
          }
        }
      }
    }
    let client = try server.client(reading: false)
    client.send(Self.request)
    #expect(await eventually { server.service.ended.count == 1 })
    #expect(!log.list.isEmpty)
    client.close()
    await server.stop()
  }

  @Test("writes from other executors arrive in order")
  func elsewhere() async throws {
    let server = try await server { stream in
      await Task.detached {
        for i in 0..<50 { try? await stream.write(Array("\(i) ".utf8)) }
      }.value
    }
    let client = try server.client()
    client.send(Self.request)
    let text = await client.wait { $0.hasSuffix("0\r\n\r\n") }
    let numbers = text.body.split(separator: "\r\n").filter { $0.hasSuffix(" ") }
    #expect(numbers.map(String.init) == (0..<50).map { "\($0) " })
    client.close()
    await server.stop()
  }

  @Test("an answer that the service words itself is sent as it is, then the connection ends")
  func wire() async throws {
    let server = try await TestServer(
      service: TestService { _ in
        .now(
          HTTPResponse(
            status: 200,
            body: .wire(
              HTTPWire(resets: false) { stream in
                try? await stream.write(
                  Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut".utf8))
              })))
      })
    let client = try server.client()
    client.send(Self.request)
    #expect(await client.all() == "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut")
    client.close()
    await server.stop()
  }
}

/// A reference to something that cannot be copied.
private final class Shared: Sendable {
  let value: Atomic<Int>
  init(_ value: consuming Atomic<Int>) { self.value = value }
}
