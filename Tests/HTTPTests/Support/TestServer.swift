import CSys
import Glibc
import KinoraHTTP
import KinoraLoop
import Synchronization

/// A server on a Unix socket in a folder of its own, for one test.
final class TestServer: Sendable {
  let loop: EventLoop
  let server: HTTPServer
  let folder: String
  let service: TestService

  static let anyHost = HTTPListenerRules(hosts: nil, origins: .any)

  init(
    _ limits: HTTPLimits = HTTPLimits(), rules: HTTPListenerRules = anyHost,
    service: TestService = TestService()
  ) async throws {
    var template = Array("/tmp/kn-http.XXXXXX".utf8CString)
    guard let name = mkdtemp(&template) else { throw SystemError("mkdtemp", errno: errno) }
    folder = String(cString: name)
    self.service = service
    loop = try EventLoop(name: "test-server")
    server = HTTPServer(loop: loop, limits: limits, service: service)
    let descriptor = kn_listen_unix(folder + "/s", 0o600, 128)
    guard descriptor >= 0 else { throw SystemError("listen", errno: errno) }
    server.addListener(descriptor: descriptor, name: "unix", rules: rules)
    try await server.start()
  }

  func client(reading: Bool = true) throws -> RawClient {
    try RawClient(path: folder + "/s", reading: reading)
  }

  /// Cuts what is left and removes the folder.
  func stop() async {
    await server.drain(deadlineSeconds: 0)
    await loop.stop()
    unlink(folder + "/s")
    rmdir(folder)
  }

  /// Sends bytes and a last request that closes the connection; gives all that came back.
  func exchange(_ raw: String) async throws -> String {
    let client = try client()
    client.send(raw + "GET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let text = await client.all()
    await client.closed()
    return text
  }

  /// The status of every answer to these bytes; 299 is that of the last request, so a list without
  /// it means that the connection was closed before.
  func statuses(_ raw: String) async throws -> [Int] { try await exchange(raw).statuses }
}

extension String {
  /// The status codes of the answers in a text, 100 included.
  var statuses: [Int] {
    ranges(of: "HTTP/1.1 ").compactMap { Int(self[$0.upperBound...].prefix(3)) }
  }

  /// The value of the first field of that name.
  func field(_ name: String) -> String? {
    for line in split(separator: "\r\n", omittingEmptySubsequences: false) {
      if line.isEmpty { return nil }
      if line.lowercased().hasPrefix(name.lowercased() + ": ") {
        return String(line.dropFirst(name.count + 2))
      }
    }
    return nil
  }

  /// What follows the first empty line.
  var body: String { ranges(of: "\r\n\r\n").first.map { String(self[$0.upperBound...]) } ?? "" }
}
