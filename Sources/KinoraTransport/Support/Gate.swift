import Synchronization

/// Lets a limited number of tasks in at once; the others wait in the order they came.
final class Gate: Sendable {
  private struct State {
    var free: Int
    var waiters: [CheckedContinuation<Void, Never>] = []
    var head = 0
  }
  private let state: Mutex<State>

  init(_ places: Int) { state = Mutex(State(free: places)) }

  /// Waits for a place. Every `enter` needs one `leave`.
  func enter() async {
    await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
      let isFree = state.withLock { state in
        if state.free > 0 {
          state.free -= 1
          return true
        }
        state.waiters.append(waiter)
        return false
      }
      if isFree { waiter.resume() }
    }
  }

  /// Gives the place to the next in line.
  func leave() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard state.head < state.waiters.count else {
        state.free += 1
        return nil
      }
      let waiter = state.waiters[state.head]
      state.head += 1
      if state.head == state.waiters.count {
        state.waiters.removeAll()
        state.head = 0
      } else if state.head > 1024 {
        state.waiters.removeFirst(state.head)
        state.head = 0
      }
      return waiter
    }
    next?.resume()
  }
}
