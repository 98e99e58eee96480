import KinoraModel
import Synchronization

/// One request on its way through `LibcurlMulti`. `done` is set before it is handed over, the rest is
/// the thread's.
final class MultiJob: @unchecked Sendable {
  let request: PreparedRequest
  let lane: String
  let isCancelled = Atomic(false)
  var done: CheckedContinuation<WireResult, Never>?
  var transfer: CurlTransfer?

  init(_ request: PreparedRequest) {
    self.request = request
    // Downloads take minutes; polls of the same host do not wait behind them.
    lane = (request.isDownload ? "download " : "") + request.url.origin
  }

  static let cancelled = KinoraError(.cancelled, "the request was cancelled")

  var isDead: Bool { isCancelled.load(ordering: .relaxed) }

  /// Answers once.
  func finish(_ result: WireResult) {
    if isDead { transfer?.answer.discard() }
    done?.resume(returning: result)
    done = nil
    transfer = nil
  }
}

/// Requests that wait, by host; the hosts take turns.
struct MultiLanes {
  private struct Lane {
    var waiting: [MultiJob] = []
    var head = 0
    var active = 0
    var isInRing = false
    var isEmpty: Bool { head == waiting.count }
  }
  private var lanes: [String: Lane] = [:]
  private var ring: [String] = []
  private var ringHead = 0
  private var limit = 1

  /// True when `next` would give one.
  var hasReady: Bool { ringHead < ring.count }

  mutating func add(_ job: MultiJob) {
    lanes[job.lane, default: Lane()].waiting.append(job)
    enterRing(job.lane)
  }

  /// The next request whose host has a place; that place is taken.
  mutating func next(limit: Int) -> MultiJob? {
    self.limit = limit
    while ringHead < ring.count {
      let name = ring[ringHead]
      ringHead += 1
      if ringHead == ring.count || ringHead > 256 {
        ring.removeFirst(ringHead)
        ringHead = 0
      }
      guard var lane = lanes[name] else { continue }
      // Out of the table while it changes, so that its array is not copied.
      lanes[name] = nil
      lane.isInRing = false
      var job: MultiJob?
      if !lane.isEmpty, lane.active < limit {
        job = lane.waiting[lane.head]
        lane.head += 1
        lane.active += 1
        if lane.isEmpty {
          lane.waiting.removeAll(keepingCapacity: lane.head < 1024)
          lane.head = 0
        } else if lane.head > 4096 {
          lane.waiting.removeFirst(lane.head)
          lane.head = 0
        }
      }
      lanes[name] = lane
      enterRing(name)
      if let job { return job }
    }
    return nil
  }

  /// A request of this host is over.
  mutating func left(_ name: String) {
    lanes[name]?.active -= 1
    enterRing(name)
    if let lane = lanes[name], lane.active == 0, lane.isEmpty, !lane.isInRing { lanes[name] = nil }
  }

  /// Takes out waiting requests.
  mutating func remove(where matches: (MultiJob) -> Bool) -> [MultiJob] {
    var removed: [MultiJob] = []
    for (name, lane) in lanes where !lane.isEmpty {
      let waiting = lane.waiting[lane.head...]
      let gone = waiting.filter(matches)
      guard !gone.isEmpty else { continue }
      removed += gone
      lanes[name]?.waiting = waiting.filter { !matches($0) }
      lanes[name]?.head = 0
    }
    return removed
  }

  private mutating func enterRing(_ name: String) {
    guard let lane = lanes[name], !lane.isInRing, !lane.isEmpty, lane.active < limit else { return }
    lanes[name]?.isInRing = true
    ring.append(name)
  }
}
