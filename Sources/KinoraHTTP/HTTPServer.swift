import Glibc
public import KinoraLoop
import Synchronization

/// An HTTP/1.1 server on an event loop: connections, parsing and answers happen on the loop's
/// thread, what to answer is the service's.
///
/// Sendable by confinement: all but what is immutable, atomic or locked is touched on the loop's
/// thread only.
public final class HTTPServer: @unchecked Sendable {
  let loop: EventLoop
  let limits: HTTPLimits
  let service: any HTTPService
  let counters = HTTPCounters()
  private let draining = Atomic<Bool>(false)
  private let openIDs = Mutex<Set<UInt64>>([])

  // Loop's thread.
  var listeners: [HTTPListener] = []
  private(set) var connections: [HTTPConnection] = []
  private var parsers: [RequestParser] = []
  private var lastID: UInt64 = 0
  var spare: Int32 = -1
  var drainWaiters: [CheckedContinuation<Void, Never>] = []
  private var sweepDue = UInt64.max
  private var sweepToken: TimerToken?
  private var dateSecond = -1
  private var dateLine: [UInt8] = []
  /// Where heads are made; kept so that a small answer costs no allocation.
  var scratch: [UInt8] = []
  /// Where all connections read into.
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)

  /// A server without listeners that does not run yet.
  public init(loop: EventLoop, limits: HTTPLimits = HTTPLimits(), service: any HTTPService) {
    self.loop = loop
    self.limits = limits
    self.service = service
    scratch.reserveCapacity(4096)
  }

  deinit { buffer.deallocate() }

  /// True from the call of `drain` on.
  public var isDraining: Bool { draining.load(ordering: .relaxed) }

  /// Connections that stand now. From any thread.
  public var connectionCount: Int { Int(counters.snapshot.open) }

  /// What was done so far. From any thread.
  public var statistics: HTTPStatistics { counters.snapshot }

  /// Whether that connection still stands. One whose client will send no more does not: a TCP client
  /// that went away looks like that, until something is written to it. From any thread.
  public func isOpen(connection: UInt64) -> Bool {
    openIDs.withLock { $0.contains(connection) }
  }

  func beginDraining() { draining.store(true, ordering: .relaxed) }

  // Connections.

  func nextID() -> UInt64 {
    lastID += 1
    return lastID
  }

  func add(_ connection: HTTPConnection) {
    connection.place = connections.count
    connections.append(connection)
    _ = openIDs.withLock { $0.insert(connection.id) }
    counters.setOpen(connections.count)
  }

  /// The client has closed its side.
  func inputEnded(_ connection: HTTPConnection) {
    _ = openIDs.withLock { $0.remove(connection.id) }
  }

  func remove(_ connection: HTTPConnection) {
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.place] = last
      last.place = connection.place
    }
    _ = openIDs.withLock { $0.remove(connection.id) }
    counters.setOpen(connections.count)
    if connections.isEmpty { drained() }
  }

  func drained() {
    guard isDraining else { return }
    for waiter in drainWaiters { waiter.resume() }
    drainWaiters = []
  }

  // Parsers: as many as messages are being read at once, not as connections.

  func takeParser() -> RequestParser { parsers.popLast() ?? RequestParser(limits: limits) }

  func giveBack(_ parser: RequestParser) {
    guard parsers.count < 256 else { return }
    parser.reset()
    parsers.append(parser)
  }

  /// The time in Unix seconds, as Date tells it.
  var now: Int64 { Int64(time(nil)) }

  /// `Date: …` and a line end, made anew once a second.
  var date: [UInt8] {
    let second = time(nil)
    if second != dateSecond {
      dateSecond = second
      dateLine = Array("Date: \(HTTPDate.format(Int64(second)))\r\n".utf8)
    }
    return dateLine
  }

  // Deadlines: one timer for all connections, at the nearest deadline that anyone has named.

  /// A connection has something to do at `due` (nanoseconds of the loop's clock).
  func note(due: UInt64) {
    // Never later than it was: else a client that drips faster than the sweeps puts off its own end.
    let next = max(due, loop.now + UInt64(limits.sweepMilliseconds) * 1_000_000)
    guard next < sweepDue else { return }
    if let sweepToken { loop.cancel(sweepToken) }
    sweepDue = next
    sweepToken = loop.schedule(at: sweepDue) { [weak self] in self?.sweep() }
  }

  private func sweep() {
    sweepDue = .max
    sweepToken = nil
    var next = UInt64.max
    var late: [HTTPConnection] = []
    for connection in connections {
      let due = connection.due
      if due <= loop.now { late.append(connection) } else { next = min(next, due) }
    }
    for connection in late {
      connection.overdue()
      next = min(next, connection.due)
    }
    if next < .max { note(due: next) }
  }
}
