import CSys
import Glibc
import Synchronization

/// A TCP server on loopback, one plain thread a connection, so that nothing of it runs on the pool
/// that the tests run on. It does exactly what its script says, right or wrong.
final class TestServer: Sendable {
  /// One request as it came.
  struct Seen: Sendable {
    var line: String
    var fields: [(name: String, value: String)]
    var body: [UInt8]
    var connection: Int
    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    var path: String { line.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
  }
  /// Answers one request; false closes the connection.
  typealias Script = @Sendable (Seen, TestConnection) -> Bool

  let port: UInt16
  var base: String { "http://127.0.0.1:\(port)" }
  private let listener: Int32
  private let seen = Mutex<[Seen]>([])
  private let bytes = Mutex<Int>(0)
  private let connections = Mutex<Int>(0)

  init(_ script: @escaping Script) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    listen(descriptor, 512)
    listener = descriptor
    port = UInt16(kn_local_port(descriptor))
    TestThread.start { [weak self] in
      while true {
        let client = accept(descriptor, nil, nil)
        guard client >= 0, let self else {
          if client >= 0 { close(client) }
          // Closed by the thread that accepts: closed from elsewhere, the number may already be
          // another server's when it is used here once more.
          close(descriptor)
          return
        }
        let number = self.connections.withLock { count in
          count += 1
          return count
        }
        TestThread.start { self.serve(client, number, script) }
      }
    }
  }

  /// Answers every request alike.
  convenience init(
    status: String = "200 OK", type: String = "application/json", body: [UInt8],
    extra: String = ""
  ) {
    self.init { _, connection in
      connection.send(
        "HTTP/1.1 \(status)\r\ncontent-type: \(type)\r\n\(extra)content-length: \(body.count)\r\n\r\n"
      )
      return connection.send(body)
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
  }

  var requests: [Seen] { seen.withLock { $0 } }
  var connectionCount: Int { connections.withLock { $0 } }
  /// Bytes that reached the application, requests half read included.
  var byteCount: Int { bytes.withLock { $0 } }

  private func serve(_ client: Int32, _ number: Int, _ script: Script) {
    let connection = TestConnection(client) { count in self.bytes.withLock { $0 += count } }
    while let request = connection.readRequest(number) {
      seen.withLock { $0.append(request) }
      guard script(request, connection) else { return }
    }
  }
}

/// The server's side of one connection.
final class TestConnection {
  let descriptor: Int32
  private var buffer: [UInt8] = []
  private let count: (Int) -> Void

  init(_ descriptor: Int32, _ count: @escaping (Int) -> Void) {
    self.descriptor = descriptor
    self.count = count
  }

  deinit { close(descriptor) }

  @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  @discardableResult func send(_ bytes: [UInt8]) -> Bool {
    var at = 0
    while at < bytes.count {
      let n = bytes.withUnsafeBytes {
        Glibc.send(
          descriptor, $0.baseAddress.map { $0 + at }, bytes.count - at, Int32(MSG_NOSIGNAL))
      }
      if n <= 0 { return false }
      at += n
    }
    return true
  }

  /// A JSON answer.
  @discardableResult func json(_ text: String, status: String = "200 OK") -> Bool {
    send(
      "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\n"
        + "content-length: \(text.utf8.count)\r\n\r\n\(text)")
  }

  /// Closes with a reset.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
  }

  func readRequest(_ number: Int) -> TestServer.Seen? {
    var end: Int?
    while end == nil {
      end = headEnd()
      if end == nil, !more() { return nil }
    }
    guard let end else { return nil }
    let head = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
    buffer.removeFirst(end + 4)
    let fields = head.dropFirst().map { line -> (name: String, value: String) in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
      return (parts[0].lowercased(), String(value))
    }
    let length = Int(fields.first { $0.name == "content-length" }?.value ?? "") ?? 0
    while buffer.count < length { if !more() { return nil } }
    let body = Array(buffer.prefix(length))
    buffer.removeFirst(length)
    return .init(
      line: head.first.map(String.init) ?? "", fields: fields, body: body, connection: number)
  }

  private func headEnd() -> Int? {
    guard buffer.count >= 4 else { return nil }
    for i in 0...(buffer.count - 4)
    where buffer[i] == 13 && buffer[i + 1] == 10 && buffer[i + 2] == 13 && buffer[i + 3] == 10 {
      return i
    }
    return nil
  }

  private func more() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let n = read(descriptor, &chunk, chunk.count)
    guard n > 0 else { return false }
    count(n)
    buffer += chunk.prefix(n)
    return true
  }
}

/// A detached thread.
enum TestThread {
  private final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  static func start(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, box.toOpaque())
    pthread_detach(thread)
  }
}
