import Synchronization

/// Something for the loop's thread to do.
enum LoopWork {
  case job(UnownedJob)
  case closure(@Sendable () -> Void)
}

/// What other threads hand to the loop. `signalled` spares all but the first of a batch the
/// eventfd's write.
struct Inbox {
  var works: [LoopWork] = []
  var signalled = false
  var stopping = false
  var started = false
  var ended = false
  var waiters: [CheckedContinuation<Void, Never>] = []
}

/// First in, first out, on one thread; an index instead of removing from the front.
struct WorkQueue {
  private var works: [LoopWork] = []
  private var head = 0

  var isEmpty: Bool { head == works.count }

  mutating func append(_ work: LoopWork) { works.append(work) }
  mutating func append(contentsOf more: [LoopWork]) { works.append(contentsOf: more) }

  mutating func next() -> LoopWork? {
    guard head < works.count else { return nil }
    let work = works[head]
    head += 1
    if head == works.count {
      works.removeAll(keepingCapacity: works.capacity <= 4096)
      head = 0
    } else if head >= 4096 {
      works.removeFirst(head)
      head = 0
    }
    return work
  }
}
