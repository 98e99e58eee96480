import CSys
import Glibc
import KinoraModel

/// Runs a simulator, a TLS front and a daemon, and starts again what dies.
final class Sandbox {
  let plan: SandboxPlan
  let signals: Signals
  let simulator = Service("kinora-sim")
  let front = Service("nginx")
  let daemon = Service("kinorad")
  /// The simulator's standard output: its ready line, then its log.
  var pipe: Int32 = -1
  var pipeText = ""
  var simulatorPort: UInt16?
  var frontPort: UInt16?
  let nginx = Programs.installed("nginx")
  let openssl = Programs.installed("openssl")

  init(_ plan: SandboxPlan) throws(Failure) {
    self.plan = plan
    signals = try Signals([SIGINT, SIGTERM, SIGCHLD])
  }

  var frontFiles: FrontFiles { FrontFiles(folder: plan.folder.front) }
  var hasFront: Bool { nginx != nil && openssl != nil }
  var pidFile: String { "\(plan.folder.path)/pids" }

  /// Runs until a signal; every child has ended when it returns.
  func run() throws(Failure) -> Exit {
    PidFile.endLeftovers(pidFile)
    defer {
      unlink(plan.folder.environment)
      unlink(pidFile)
      plan.folder.removeSocket()
    }
    do throws(Failure) {
      try startAll()
      while true { try turn() }
    } catch {
      stopAll()
      if error.exit == .interrupted { return .done }
      throw error
    }
  }

  private func startAll() throws(Failure) {
    let begin = Now.steady
    if !hasFront {
      Console.error(
        "kinora sandbox: nginx or openssl is not installed, so OpenRouter is spoken to without TLS")
    }
    try startSimulator()
    while !simulator.isReady { try turn() }
    if hasFront {
      try startFront()
      while !front.isReady { try turn() }
    }
    try writeConfiguration()
    try startDaemon()
    while !daemon.isReady { try turn() }
    Console.print(try environmentText())
    let tenths = (Now.steady - begin) / 100
    Console.error(
      "kinora sandbox: ready after \(tenths / 10).\(tenths % 10) s; Ctrl-C ends it. Try:")
    Console.error("  export KINORA_SOCKET=\(Shell.quoted(plan.folder.socket))")
    Console.error("  kinora generate \"a paper boat\" -d 5 -o boat.mp4")
  }

  /// Waits a moment for something to happen and deals with it. Throws `interrupted` on a signal.
  private func turn() throws(Failure) {
    let isWaiting =
      !simulator.isReady || !daemon.isReady && daemon.child != nil || hasFront && !front.isReady
    var watched = [
      pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: pipe, events: Int16(POLLIN), revents: 0),
    ]
    poll(&watched, 2, isWaiting || daemon.child == nil ? 10 : 1000)
    while let signal = signals.next() {
      if signal != SIGCHLD { throw .interrupted }
    }
    readPipe()
    try reap()
    try probe()
    try restart()
  }

  private func reap() throws(Failure) {
    if let status = simulator.child?.ended() { try died(simulator, status) }
    if let status = front.child?.ended() { try died(front, status) }
    if let status = daemon.child?.ended() { try died(daemon, status) }
  }

  private func died(_ service: Service, _ status: Int32) throws(Failure) {
    let pid = service.child?.pid ?? 0
    service.died()
    let how = status < 0 ? "signal \(-status)" : "exit code \(status)"
    Console.error("kinora sandbox: \(service.name) (pid \(pid)) ended by \(how)")
    let isDaemon = service === daemon
    if isDaemon && status == Exit.configuration.rawValue {
      throw giveUp(service, "kinorad refuses its configuration", .configuration)
    }
    if service.failures >= Service.mostFailures {
      throw giveUp(service, "\(service.name) does not start", .jobFailed)
    }
  }

  private func giveUp(_ service: Service, _ what: String, _ exit: Exit) -> Failure {
    let log = log(service)
    let text = Files.text(log, from: service.logStart) ?? ""
    let last = text.split(separator: "\n").suffix(20).map { Words.line(String($0)) }
    return Failure(exit: exit, what: what, todo: last + ["its log: \(log)"])
  }

  private func log(_ service: Service) -> String {
    switch service.name {
    case daemon.name: plan.folder.daemonLog
    case front.name: frontFiles.log
    default: plan.folder.simulatorLog
    }
  }

  private func restart() throws(Failure) {
    if simulator.child == nil, simulator.due != 0, Now.steady >= simulator.due {
      try startSimulator()
    }
    if front.child == nil, front.due != 0, Now.steady >= front.due { try startFront() }
    if daemon.child == nil, daemon.due != 0, Now.steady >= daemon.due { try startDaemon() }
  }

  /// Asks those that are not ready yet; with the last one ready the environment file is written.
  private func probe() throws(Failure) {
    if front.child != nil, !front.isReady, let frontPort, Ports.answers(frontPort) {
      front.isReady = true
      try writeEnvironment()
    }
    guard daemon.child != nil, !daemon.isReady else { return }
    let answer: Answer
    do throws(Failure) {
      var request = Request.get("/readyz")
      request.timeout = 2
      answer = try Client(socket: plan.folder.socket).exchange(request)
    } catch {
      return
    }
    guard answer.status == 200 else { return }
    daemon.isReady = true
    try writeEnvironment()
  }
}
