public import KinoraModel
import Synchronization

/// The newest events in memory, and those who wait for more.
///
/// `publish` is called by the store's writer after each commit, in order. A follower reads what it
/// missed from the table, then from here; it is never given an event twice and never skips one.
public final class EventHub: Sendable {
  /// Whose events.
  public enum Subject: Sendable, Hashable {
    case job(JobID)
    case client(String)
    case all
  }

  private struct Waiter {
    var subject: Subject
    var continuation: CheckedContinuation<Void, Never>
  }
  private struct State {
    var ring: [JobEvent] = []
    var first = 0
    var head: Int64
    var waiters: [UInt64: Waiter] = [:]
    var bySubject: [Subject: Set<UInt64>] = [:]
    var nextWaiter: UInt64 = 0
    var isClosed = false
  }
  private let state: Mutex<State>
  private let capacity: Int

  /// A hub that continues after `head`, keeping `capacity` events.
  public init(head: Int64, capacity: Int = 8192) {
    state = Mutex(State(head: head))
    self.capacity = capacity
  }

  /// The last seq that was published.
  public var head: Int64 { state.withLock { $0.head } }

  /// Continues after the last seq of an opened store.
  public func start(after head: Int64) {
    state.withLock { $0.head = max($0.head, head) }
  }

  /// Takes committed events and wakes whom they concern.
  public func publish(_ events: [JobEvent]) {
    guard let last = events.last else { return }
    let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.ring.append(contentsOf: events)
      state.head = max(state.head, last.seq)
      if state.ring.count - state.first > capacity {
        state.first = state.ring.count - capacity
        if state.first > capacity {
          state.ring.removeFirst(state.first)
          state.first = 0
        }
      }
      var ids = state.bySubject[.all] ?? []
      for event in events {
        ids.formUnion(state.bySubject[.job(event.job)] ?? [])
        ids.formUnion(state.bySubject[.client(event.client)] ?? [])
      }
      return ids.compactMap { Self.take($0, from: &state)?.continuation }
    }
    for continuation in woken { continuation.resume() }
  }

  /// Events of `subject` with `seq > after` from memory, oldest first, and the seq up to which that
  /// is complete; nil when memory does not reach back that far.
  public func recent(_ subject: Subject, after: Int64) -> (events: [JobEvent], upTo: Int64)? {
    state.withLock { state in
      guard after < state.head else { return ([], state.head) }
      let kept = state.ring[state.first...]
      guard let oldest = kept.first, oldest.seq <= after + 1 else { return nil }
      // The seqs rise, so the first new one is found by halving.
      var (low, high) = (kept.startIndex, kept.endIndex)
      while low < high {
        let middle = (low + high) / 2
        if kept[middle].seq <= after { low = middle + 1 } else { high = middle }
      }
      let events = kept[low...].filter { event in
        switch subject {
        case .all: true
        case .job(let id): event.job == id
        case .client(let name): event.client == name
        }
      }
      return (events, state.head)
    }
  }

  /// Suspends until an event of `subject` after `after` is published, the hub closes, or the task is
  /// cancelled.
  public func wait(_ subject: Subject, after: Int64) async {
    let id = state.withLock { state -> UInt64 in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let now = state.withLock { state -> Bool in
          let kept = state.ring[state.first...]
          // What memory has let go of already may have been of this subject.
          let hasGap = kept.first.map { $0.seq > after + 1 } ?? false
          if Task.isCancelled || state.isClosed || hasGap || Self.holds(subject, after, state) {
            return true
          }
          state.waiters[id] = Waiter(subject: subject, continuation: continuation)
          state.bySubject[subject, default: []].insert(id)
          return false
        }
        if now { continuation.resume() }
      }
    } onCancel: {
      state.withLock { Self.take(id, from: &$0) }?.continuation.resume()
    }
  }

  /// Wakes everybody for the last time.
  public func close() {
    let all = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.isClosed = true
      return Array(state.waiters.keys).compactMap { Self.take($0, from: &state)?.continuation }
    }
    for continuation in all { continuation.resume() }
  }

  private static func holds(_ subject: Subject, _ after: Int64, _ state: State) -> Bool {
    for event in state.ring[state.first...].reversed() {
      if event.seq <= after { return false }
      switch subject {
      case .all: return true
      case .job(let id) where event.job == id: return true
      case .client(let name) where event.client == name: return true
      default: continue
      }
    }
    return false
  }

  @discardableResult
  private static func take(_ id: UInt64, from state: inout State) -> Waiter? {
    guard let waiter = state.waiters.removeValue(forKey: id) else { return nil }
    state.bySubject[waiter.subject]?.remove(id)
    if state.bySubject[waiter.subject]?.isEmpty == true { state.bySubject[waiter.subject] = nil }
    return waiter
  }
}
