import CSys
import Glibc
import KinoraModel

/// A thread for work that blocks: fsync, SQLite, hashing. The cooperative pool is as wide as the
/// machine has cores and must never wait for a disk.
enum BlockingThread {
  /// SQLite and the JSON reader need little; the default of 8 MB would be most of the address space.
  private static let stackBytes = 1 << 20

  /// Runs `body` on a new, detached thread named `name` (at most 15 bytes).
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(KinoraError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackBytes)
    let box = Unmanaged.passRetained(Body(name: name, run: body))
    var thread = pthread_t()
    let failed = pthread_create(&thread, &attributes, enter, box.toOpaque())
    if failed != 0 {
      box.release()
      throw KinoraError(.unavailable, "no thread for \(name): \(describe(errno: failed))")
    }
  }
}

private final class Body: Sendable {
  let name: String
  let run: @Sendable () -> Void
  init(name: String, run: @escaping @Sendable () -> Void) {
    self.name = name
    self.run = run
  }
}

private func enter(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let raw else { return nil }
  let body = Unmanaged<Body>.fromOpaque(raw).takeRetainedValue()
  _ = kn_thread_name(body.name)
  body.run()
  return nil
}

/// `No space left on device (28)`.
func describe(errno code: Int32) -> String {
  var text = [CChar](repeating: 0, count: 128)
  // The one of POSIX: `strerror` shares a buffer between threads.
  guard strerror_r(code, &text, text.count) == 0 else { return "errno \(code)" }
  let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  return "\(String(decoding: bytes, as: UTF8.self)) (\(code))"
}
