import CSys
import Glibc
import KinoraLoop
import Synchronization
import Testing

/// A client that sends what it is told, byte for byte, and awaits what comes back.
final class RawClient: @unchecked Sendable {
  /// One thread for the clients of all tests.
  private static let shared: EventLoop? = {
    guard let loop = try? EventLoop(name: "test-clients") else { return nil }
    try? loop.start()
    return loop
  }()

  let descriptor: Int32
  private let loop: EventLoop
  // Loop's thread.
  private var watch: Watch?
  private var unsent: [UInt8] = []
  private var isReading = true
  private var endsAfterAll = false
  private var received: [UInt8] = []
  private var hasEnded = false
  private var waiters: [(done: ([UInt8], Bool) -> Bool, resume: () -> Void)] = []

  /// Connects at once: on a Unix socket that needs nobody's help as long as the queue has room.
  convenience init(path: String, reading: Bool = true) throws {
    let descriptor = kn_connect_unix(path)
    guard descriptor >= 0 else { throw SystemError("connect", errno: errno) }
    try self.init(descriptor: descriptor, reading: reading)
  }

  /// Connects to a port of 127.0.0.1.
  convenience init(port: UInt16) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let failed = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard failed == 0 else { throw SystemError("connect", errno: errno) }
    _ = kn_fcntl(descriptor, F_SETFL, O_NONBLOCK)
    try self.init(descriptor: descriptor, reading: true)
  }

  private init(descriptor: Int32, reading: Bool) throws {
    guard let loop = Self.shared else { throw SystemError("loop", errno: EINVAL) }
    self.descriptor = descriptor
    self.loop = loop
    isReading = reading
    loop.post { [self] in beginWatch() }
  }

  private func beginWatch() {
    watch = try? loop.watch(descriptor, for: interest) { [self] in ready($0) }
  }

  private var interest: Readiness {
    var interest: Readiness = isReading && !hasEnded ? [.read] : []
    if !unsent.isEmpty { interest.insert(.write) }
    return interest
  }

  private func ready(_ events: Readiness) {
    if !events.isDisjoint(with: [.read, .gone, .failed]), isReading { receive() }
    if events.contains(.write) { push() }
    if events.contains(.gone), let watch {
      // Reported for ever otherwise, also to a client that does not read.
      loop.unwatch(watch)
      self.watch = nil
    }
    check()
  }

  private func receive() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while !hasEnded {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 {
        received += buffer[..<count]
      } else if count == 0 || errno != EAGAIN {
        hasEnded = true
        if let watch { loop.rewatch(watch, for: interest) }
      } else {
        return
      }
    }
  }

  private func push() {
    while !unsent.isEmpty {
      let count = unsent.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 {
        if count < 0, errno == EAGAIN { break }
        unsent = []
        break
      }
      unsent.removeFirst(count)
    }
    if unsent.isEmpty, endsAfterAll { shutdown(descriptor, Int32(SHUT_WR)) }
    if let watch { loop.rewatch(watch, for: interest) }
  }

  private func check() {
    let ready = waiters.filter { $0.done(received, hasEnded) }
    waiters.removeAll { $0.done(received, hasEnded) }
    for waiter in ready { waiter.resume() }
  }

  /// Queues bytes; what the socket does not take now goes out later.
  func send(_ bytes: [UInt8]) {
    loop.post { [self] in
      unsent += bytes
      push()
    }
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// Ends our direction, whatever is unsent.
  func finishSending() {
    loop.post { [self] in shutdown(descriptor, Int32(SHUT_WR)) }
  }

  /// Ends our direction once everything was sent.
  func finishSendingAfterAll() {
    loop.post { [self] in
      endsAfterAll = true
      push()
    }
  }

  func startReading() {
    loop.post { [self] in
      isReading = true
      if let watch { loop.rewatch(watch, for: interest) } else { beginWatch() }
    }
  }

  func close() { loop.post { [self] in closeNow() } }

  /// The same, and waits until the descriptor is closed.
  func closed() async { await loop.perform { [self] in closeNow() } }

  private func closeNow() {
    if let watch { loop.unwatch(watch) }
    watch = nil
    Glibc.close(descriptor)
  }

  /// Waits until `done` says so of what was received, or for the end, or for the time limit; gives
  /// all that was received so far.
  @discardableResult
  func wait(
    seconds: Double = 20, until done: @escaping @Sendable (String) -> Bool
  ) async -> String {
    await waitBytes(seconds: seconds) { bytes, ended in
      ended || done(String(decoding: bytes, as: UTF8.self))
    }.text
  }

  /// Waits for the end of the connection.
  func all(seconds: Double = 20) async -> String {
    let received = await waitBytes(seconds: seconds) { _, ended in ended }
    if !received.hasEnded { Issue.record("the connection was not closed") }
    return received.text
  }

  func waitBytes(
    seconds: Double = 20, _ done: @escaping @Sendable ([UInt8], Bool) -> Bool
  ) async -> Received {
    await withCheckedContinuation { (continuation: CheckedContinuation<Received, Never>) in
      loop.post { [self] in
        let once = Once()
        let finish: @Sendable () -> Void = { [self] in
          if once.first {
            continuation.resume(returning: Received(bytes: received, hasEnded: hasEnded))
          }
        }
        loop.schedule(after: .seconds(seconds), finish)
        waiters.append((done, finish))
        check()
      }
    }
  }
}

struct Received: Sendable {
  let bytes: [UInt8]
  let hasEnded: Bool
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// True once. On one thread only.
private final class Once: @unchecked Sendable {
  private var used = false
  var first: Bool {
    defer { used = true }
    return !used
  }
}
