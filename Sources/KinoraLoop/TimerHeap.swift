/// One timer that was set.
public struct TimerToken: Hashable, Sendable {
  let id: UInt64
}

/// Timers by due time: a binary heap. A cancelled timer's entry stays until it comes up.
struct TimerHeap {
  private struct Entry {
    var due: UInt64
    var id: UInt64
  }
  private var heap: [Entry] = []
  private var works: [UInt64: () -> Void] = [:]
  private var last: UInt64 = 0

  /// The nearest due time in nanoseconds, cancelled ones included.
  var next: UInt64? { heap.first?.due }

  mutating func add(due: UInt64, _ work: @escaping () -> Void) -> TimerToken {
    last += 1
    works[last] = work
    heap.append(Entry(due: due, id: last))
    rise(heap.count - 1)
    return TimerToken(id: last)
  }

  mutating func cancel(_ token: TimerToken) {
    works[token.id] = nil
    if heap.count > 64, heap.count > 4 * works.count { compact() }
  }

  /// The work of one timer that is due at `now`, nil when there is none.
  mutating func pop(now: UInt64) -> (() -> Void)? {
    while let first = heap.first, first.due <= now {
      let end = heap.removeLast()
      if !heap.isEmpty {
        heap[0] = end
        sink(0)
      }
      if let work = works.removeValue(forKey: first.id) { return work }
    }
    return nil
  }

  private mutating func compact() {
    heap = heap.filter { works[$0.id] != nil }
    for at in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(at) }
  }

  private func before(_ a: Int, _ b: Int) -> Bool {
    (heap[a].due, heap[a].id) < (heap[b].due, heap[b].id)
  }

  private mutating func rise(_ start: Int) {
    var at = start
    while at > 0, before(at, (at - 1) / 2) {
      heap.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  private mutating func sink(_ start: Int) {
    var at = start
    while true {
      var least = at
      if 2 * at + 1 < heap.count, before(2 * at + 1, least) { least = 2 * at + 1 }
      if 2 * at + 2 < heap.count, before(2 * at + 2, least) { least = 2 * at + 2 }
      if least == at { return }
      heap.swapAt(at, least)
      at = least
    }
  }
}
