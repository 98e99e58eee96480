import CSys
import Glibc
import KinoraHTTP
import KinoraLoop
import Testing

@Suite struct ResourceTests {
  @Test("one connection too many is told so and closed")
  func cap() async throws {
    var limits = HTTPLimits()
    limits.connections = 2
    let server = try await TestServer(limits)
    let first = try server.client()
    let second = try server.client()
    #expect(await eventually { server.server.connectionCount == 2 })
    let third = try server.client()
    let text = await third.all()
    #expect(text.statuses == [503])
    #expect(text.field("Retry-After") == "1")
    #expect(server.server.statistics.turnedAway == 1)
    first.close()
    #expect(await eventually { server.server.connectionCount == 1 })
    #expect(try await server.statuses("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n") == [200, 299])
    second.close()
    third.close()
    await server.stop()
  }

  @Test("a process without descriptors answers 503 and goes on when there are some again")
  func descriptors() async throws {
    // In a process of its own: the limit is the process's.
    await #expect(processExitsWith: .success) {
      let server = try await TestServer()
      #expect(try await server.statuses("") == [299])
      #expect(await eventually { server.server.connectionCount == 0 })
      let lowest = open("/dev/null", O_RDONLY)
      close(lowest)
      // Room for the client's end alone, also where something else gave one back just now.
      let most = try setDescriptorLimit(UInt(lowest) + 1)
      var held: [Int32] = []
      while case let taken = open("/dev/null", O_RDONLY), taken >= 0 { held.append(taken) }
      if let last = held.popLast() { close(last) }
      let client = try server.client()
      #expect(await client.all().statuses == [503])
      client.close()
      for taken in held { close(taken) }
      _ = try setDescriptorLimit(most)
      #expect(await eventually { server.server.connectionCount == 0 })
      #expect(try await server.statuses("") == [299])
      #expect(server.server.statistics.turnedAway == 1)
      await server.stop()
    }
  }

  @Test("a thousand streams and a thousand idle connections at once")
  func many() async throws {
    let server = try await TestServer(
      service: TestService { request in
        guard request.path == "/s" else { return nil }
        return .now(
          HTTPResponse(
            status: 200,
            body: .stream(
              HTTPStreaming { stream in
                try? await stream.write(Array("hello".utf8))
                try? await Task.sleep(for: .seconds(600))
              })))
      })
    var got: UInt64 = 0
    _ = kn_raise_nofile(8192, &got)
    var clients: [RawClient] = []
    for i in 0..<min(1000, Int(got) / 6) {
      let stream = try server.client()
      stream.send("GET /s HTTP/1.1\r\nHost: x\r\n\r\n")
      clients.append(stream)
      clients.append(try server.client())
      if i % 50 == 0 { #expect(await eventually { server.server.connectionCount > 2 * i }) }
    }
    let count = clients.count
    #expect(await eventually { server.server.statistics.streams == UInt64(count / 2) })
    #expect(try await server.statuses("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n") == [200, 299])
    for client in clients { client.close() }
    #expect(await eventually { server.server.connectionCount == 0 })
    #expect(await eventually { server.server.statistics.streams == 0 })
    await server.stop()
  }
}

/// Sets the soft limit of descriptors; gives the one before.
private func setDescriptorLimit(_ count: UInt) throws -> UInt {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
    throw SystemError("getrlimit", errno: errno)
  }
  let before = limit.rlim_cur
  limit.rlim_cur = count
  guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
    throw SystemError("setrlimit", errno: errno)
  }
  return UInt(before)
}
