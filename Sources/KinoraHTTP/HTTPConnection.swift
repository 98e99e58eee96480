import Glibc
import KinoraLoop

/// One connection: reads requests, one at a time and in order, and sends their answers.
///
/// All of it is on the loop's thread; tasks that answer a request come back there before they touch
/// the connection, and name the request they answer (`ordinal`), so that a late one is harmless.
final class HTTPConnection: ReadinessHandler, @unchecked Sendable {
  enum Activity {
    /// Between requests, or in the middle of one.
    case reading
    /// An answer is being made or sent; what the client sends meanwhile stays in the socket.
    case answering
    /// The last answer is sent; the rest of the input is read and dropped.
    case lingering
    case closed
  }
  enum Deadline {
    case none
    case idle
    case head
    case body
    case stall
    case linger
  }

  let server: HTTPServer
  let id: UInt64
  let descriptor: Int32
  let listener: HTTPListener
  let peer: HTTPPeer
  /// Where the server keeps it.
  var place = 0
  var watch: Watch?
  var activity = Activity.reading

  // Input.
  var readable = false
  /// The client writes no more; its end comes behind what it wrote, without another report.
  var inputEnds = false
  /// Bytes that were read and belong to a later request, from `stashStart` on.
  var stash: [UInt8] = []
  var stashStart = 0
  /// Bytes behind the present request in the piece that is being handled now.
  var ahead = 0
  var isPumping = false
  var parser: RequestParser?
  /// When the first byte of the present request was read.
  var began: UInt64 = 0
  var incoming: IncomingBody?
  var ordinal = 0

  // The request that is being answered.
  var exchange = Exchange()
  private var task: Task<Void, Never>?
  /// Tasks that have not returned yet, cancelled or not.
  private var tasks = 0

  // Output.
  var output = OutputQueue()
  var blocked = false
  var file: FileSending?
  var stream: StreamState?

  // Time.
  var deadline = Deadline.none
  var deadlineAt = UInt64.max

  init(
    server: HTTPServer, id: UInt64, descriptor: Int32, listener: HTTPListener, peer: HTTPPeer
  ) {
    self.server = server
    self.id = id
    self.descriptor = descriptor
    self.listener = listener
    self.peer = peer
  }

  var loop: EventLoop { server.loop }
  var limits: HTTPLimits { server.limits }

  private static let interest: Readiness = [.read, .peerFinished, .edge]

  /// False when the loop cannot watch it; the descriptor is the caller's then.
  func start() -> Bool {
    watch = try? loop.watch(descriptor, for: Self.interest, self)
    set(.idle, seconds: limits.idleSeconds)
    return watch != nil
  }

  /// Edge-triggered, so what is not done now must be remembered: `readable`, `blocked`.
  func ready(_ events: Readiness) {
    // HUP is both directions: on a Unix socket the peer is gone. A half-closed client (only
    // `peerFinished`) still gets its answer. A TCP client that closed looks just the same until
    // something is sent to it.
    if !events.isDisjoint(with: [.gone, .failed]) {
      return close()
    }
    if events.contains(.peerFinished), !inputEnds {
      inputEnds = true
      server.inputEnded(self)
    }
    if events.contains(.read) || inputEnds { readable = true }
    if events.contains(.write), blocked { flush() }
    if activity == .reading || activity == .lingering { pump() }
  }

  /// Watches for room in the socket only while there is none: edge-triggered, it would otherwise
  /// cost a wake-up for every answer.
  func setBlocked(_ value: Bool) {
    guard blocked != value, let watch else { return }
    blocked = value
    loop.rewatch(watch, for: value ? Self.interest.union(.write) : Self.interest)
  }

  // Time.

  func set(_ kind: Deadline, seconds: Double) {
    set(kind, at: loop.now + UInt64(seconds * 1_000_000_000))
  }

  func set(_ kind: Deadline, at due: UInt64) {
    deadline = kind
    deadlineAt = due
    server.note(due: due)
  }

  func clearDeadline() {
    deadline = .none
    deadlineAt = .max
  }

  /// The next time that something has to happen here.
  var due: UInt64 { min(deadlineAt, stream?.heartbeatAt ?? .max) }

  func overdue() {
    if let stream, stream.heartbeatAt <= loop.now { beat() }
    guard activity != .closed, deadlineAt <= loop.now else { return }
    switch deadline {
    case .none: break
    case .idle, .linger: close()
    case .head: refuse(408, "the request head took too long")
    case .body: refuse(408, "the request body came too slowly")
    case .stall:
      server.counters.didStall()
      close()
    }
  }

  // The end.

  func drain() {
    switch activity {
    case .closed, .lingering: return
    case .answering:
      if stream != nil { farewell() }
    case .reading:
      // What lies in the socket already is read first: it may be a request.
      readable = true
      pump()
      guard activity == .reading, parser == nil else { return }
      // The idle deadline counts from the accept as long as nothing has come.
      let accepted = Double(deadlineAt) / 1_000_000_000 - limits.idleSeconds
      let due = UInt64(max(0, accepted + limits.arrivalSeconds) * 1_000_000_000)
      if ordinal == 0, deadline == .idle, due > loop.now { set(.idle, at: due) } else { close() }
    }
  }

  func close() {
    guard activity != .closed else { return }
    activity = .closed
    if let watch { loop.unwatch(watch) }
    watch = nil
    Glibc.close(descriptor)
    if let parser { server.giveBack(parser) }
    parser = nil
    incoming = nil
    stash = []
    clearDeadline()
    server.remove(self)
    cancelTask()
    endOutput()
    tellEnd()
  }

  // Tasks.

  /// Runs `work` on the loop's executor; the connection is not over before it has returned.
  func runTask(_ work: @escaping @Sendable () async -> Void) {
    tasks += 1
    task = Task(executorPreference: loop) { [self] in
      await work()
      await loop.perform { [self] in
        tasks -= 1
        if activity == .closed { tellEnd() }
      }
    }
  }

  func cancelTask() {
    task?.cancel()
    task = nil
  }

  private func tellEnd() {
    if tasks == 0 { server.service.ended(connection: id) }
  }
}
