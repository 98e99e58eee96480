import CSys
import Glibc

/// A thread outside Swift's pool, for work that blocks.
enum PlainThread {
  /// Enough for libcurl with OpenSSL and our callbacks, which recurse nowhere.
  static let stackBytes = 256 * 1024

  private final class Box {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts `body` on a detached thread; false when there is no room for one.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(name, body))
    let failed = pthread_create(
      &thread, &attributes,
      { argument in
        if let argument {
          let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
          _ = kn_thread_name(String(box.name.prefix(15)))
          box.body()
        }
        return nil
      }, box.toOpaque())
    if failed != 0 { box.release() }
    return failed == 0
  }
}

/// Lets a thread outside Swift's pool wait for async work.
final class Rendezvous<Value: Sendable>: @unchecked Sendable {
  // The semaphore orders the two accesses to `value`.
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  private var value: Value?

  private init() { sem_init(semaphore, 0, 0) }
  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Runs `work` on the pool and blocks this thread, which must not belong to the pool, until it is
  /// done.
  static func wait(for work: @escaping @Sendable () async -> Value) -> Value? {
    let meeting = Rendezvous()
    Task.detached(priority: .high) {
      meeting.value = await work()
      sem_post(meeting.semaphore)
    }
    while sem_wait(meeting.semaphore) != 0, errno == EINTR {}
    return meeting.value
  }
}
