import CSys
import Glibc
public import KinoraLoop

/// One listening socket.
final class HTTPListener: ReadinessHandler {
  let descriptor: Int32
  let name: String
  let rules: HTTPListenerRules
  /// Another process holds the socket too, so that connections may wait in its queue.
  let inherited: Bool
  let isTCP: Bool
  var watch: Watch?
  /// The last Host value that passed the rules; mostly the next one is the same.
  var knownHost: String?
  private weak var server: HTTPServer?

  init(
    _ server: HTTPServer, _ descriptor: Int32, _ name: String, _ rules: HTTPListenerRules,
    _ inherited: Bool
  ) {
    self.server = server
    self.descriptor = descriptor
    self.name = name
    self.rules = rules
    self.inherited = inherited
    let family = kn_socket_family(descriptor)
    isTCP = family == AF_INET || family == AF_INET6
  }

  func ready(_ events: Readiness) { _ = server?.accept(on: self) }

  /// Looks away for a moment: the queue stays readable, and what is missing (memory, descriptors)
  /// does not come back at once.
  func pause(_ loop: EventLoop) {
    guard let watch else { return }
    loop.rewatch(watch, for: [])
    loop.schedule(after: .milliseconds(100)) { [weak self] in
      if let watch = self?.watch { loop.rewatch(watch, for: .read) }
    }
  }
}

extension HTTPServer {
  /// Adds a listening socket, which must be non-blocking and is the server's from here on. Before
  /// `start`.
  ///
  /// - Parameters:
  ///   - name: What requests call it: `unix`, `tcp`.
  ///   - inherited: The socket came from a service manager that keeps it: at a drain, connections
  ///     that wait in its queue are left there instead of being taken in.
  public func addListener(
    descriptor: Int32, name: String, rules: HTTPListenerRules, inherited: Bool = false
  ) {
    _ = kn_fcntl(descriptor, F_SETFL, kn_fcntl(descriptor, F_GETFL, 0) | O_NONBLOCK)
    listeners.append(HTTPListener(self, descriptor, name, rules, inherited))
  }

  /// Begins to accept, on a loop that is started if it was not. SIGPIPE is ignored in the whole
  /// process from here on: sendfile has no flag for it.
  public func start() async throws(SystemError) {
    signal(SIGPIPE, SIG_IGN)
    try loop.start()
    let failure = await loop.perform { () -> SystemError? in
      do throws(SystemError) {
        self.spare = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
        for listener in self.listeners where listener.watch == nil {
          listener.watch = try self.loop.watch(listener.descriptor, for: .read, listener)
        }
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// Takes in what waits, a turn's worth. False when nothing waits any more.
  func accept(on listener: HTTPListener) -> Bool {
    for _ in 0..<limits.acceptsPerTurn {
      let descriptor = kn_accept(listener.descriptor)
      if descriptor < 0 {
        if errno == EMFILE || errno == ENFILE {
          if !turnAwayOne(on: listener) { return false }
        } else if errno == EAGAIN || errno == EINVAL {
          // Nothing waits; of a socket that was shut, nothing ever will.
          return false
        } else if errno != ECONNABORTED, errno != EINTR {
          listener.pause(loop)
          return false
        }
      } else if connections.count >= limits.connections {
        sayBusy(descriptor)
      } else {
        open(descriptor, on: listener)
      }
    }
    return true
  }

  private func open(_ descriptor: Int32, on listener: HTTPListener) {
    guard let peer = HTTPPeer(of: descriptor, isTCP: listener.isTCP) else {
      close(descriptor)
      return
    }
    if listener.isTCP { _ = kn_nodelay(descriptor) }
    let connection = HTTPConnection(
      server: self, id: nextID(), descriptor: descriptor, listener: listener, peer: peer)
    guard connection.start() else {
      close(descriptor)
      return
    }
    counters.didAccept()
    add(connection)
  }

  /// No descriptor is left: gives up the spare one to answer whoever is first in the queue, which
  /// would otherwise stay readable and spin the loop.
  private func turnAwayOne(on listener: HTTPListener) -> Bool {
    if spare < 0 {
      spare = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
      listener.pause(loop)
      return false
    }
    close(spare)
    let descriptor = kn_accept(listener.descriptor)
    if descriptor >= 0 { sayBusy(descriptor) }
    spare = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
    return descriptor >= 0
  }

  private func sayBusy(_ descriptor: Int32) {
    counters.didTurnAway()
    var response = service.refusal(status: 503, reason: "too many connections")
    var body: [UInt8] = []
    if case .bytes(let bytes) = response.body { body = bytes }
    response.fields.replace("Retry-After", "1")
    var out: [UInt8] = []
    ResponseHead(
      status: 503, framing: .length(Int64(body.count)), closes: true, tellsKeepAlive: false
    ).write(response.fields, date: date, to: &out)
    out += body
    _ = out.withUnsafeBytes { OutputQueue.send(descriptor, $0, more: false) }
    shutdown(descriptor, Int32(SHUT_WR))
    close(descriptor)
  }
}
