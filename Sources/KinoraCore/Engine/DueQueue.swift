import KinoraModel

/// Jobs by the moment they are due: a binary heap. Setting a job anew leaves its old entry in the
/// heap; the generation tells the stale one when it comes up.
struct DueQueue {
  private struct Entry {
    var due: Milliseconds
    var job: JobID
    var generation: UInt64
  }
  private var heap: [Entry] = []
  private var generations: [JobID: UInt64] = [:]
  /// Never given twice: a job that was popped and set anew must not meet an old entry of its own.
  private var last: UInt64 = 0
  /// Stale entries below this are not worth clearing away.
  private static let fewEntries = 4096

  /// When the earliest entry is due; stale entries may make it too early, never too late.
  var next: Milliseconds? { heap.first?.due }
  /// Jobs that wait.
  var count: Int { generations.count }

  /// Wakes `job` at `due`, and not at the moment set before.
  mutating func set(_ job: JobID, due: Milliseconds) {
    last += 1
    generations[job] = last
    push(Entry(due: due, job: job, generation: last))
    // The end of a job's queue time is a day away, and most jobs are over long before.
    if heap.count > Self.fewEntries, heap.count > 4 * generations.count { clear() }
  }

  private mutating func clear() {
    let entries = heap.filter { generations[$0.job] == $0.generation }
    heap = []
    for entry in entries { push(entry) }
  }

  private mutating func push(_ entry: Entry) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].due < heap[parent].due else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Wakes `job` no more.
  mutating func remove(_ job: JobID) { generations[job] = nil }

  /// The next job that is due at `now`, or nil.
  mutating func pop(now: Milliseconds) -> JobID? {
    while let first = heap.first, first.due <= now {
      removeFirst()
      guard generations[first.job] == first.generation else { continue }
      generations[first.job] = nil
      return first.job
    }
    return nil
  }

  private mutating func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].due < heap[least].due { least = child }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
