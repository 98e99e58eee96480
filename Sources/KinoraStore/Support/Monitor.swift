import Glibc

/// State behind a lock, with a way to wait for it: what `Mutex` lacks.
///
/// Only threads of this module wait in it, never one of the cooperative pool.
final class Monitor<State>: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  init(_ state: State) {
    self.state = state
    lock = .allocate(capacity: 1)
    changed = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    changed.deallocate()
    lock.deallocate()
  }

  /// Looks at or changes the state; a waiter is woken when `body` says true.
  func update(_ body: (inout State) -> Bool) {
    pthread_mutex_lock(lock)
    let wake = body(&state)
    pthread_mutex_unlock(lock)
    if wake { pthread_cond_signal(changed) }
  }

  /// Looks at or changes the state without waking anybody.
  func with<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body(&state)
  }

  /// Waits until `body` gives a value; it is asked again after each wake.
  func wait<Result>(_ body: (inout State) -> Result?) -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while true {
      if let result = body(&state) { return result }
      pthread_cond_wait(changed, lock)
    }
  }

  /// Wakes every waiter.
  func wakeAll() { pthread_cond_broadcast(changed) }
}
