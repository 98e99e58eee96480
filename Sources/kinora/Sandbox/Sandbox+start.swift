import CSys
import Glibc
import KinoraModel

extension Sandbox {
  var simulatorURL: String { "http://127.0.0.1:\(simulatorPort ?? 0)" }
  var frontURL: String? { hasFront ? frontPort.map { "https://127.0.0.1:\($0)" } : nil }

  func startSimulator() throws(Failure) {
    let port = if let simulatorPort { simulatorPort } else { try chosenPort() }
    var ends: [Int32] = [-1, -1]
    if kn_pipe(&ends) != 0 { throw .system("no pipe", errno, .jobFailed) }
    if pipe >= 0 { close(pipe) }
    pipe = ends[0]
    pipeText = ""
    defer { close(ends[1]) }
    let errors = try openLog(plan.folder.simulatorLog, simulator)
    defer { close(errors) }
    simulator.child = try Child.start(
      simulator.name, plan.simulator,
      ["--listen", "127.0.0.1:\(port)", "--dir", plan.folder.simulator]
        + ["--time-scale", plan.speed], output: ends[1], errors: errors)
    try writePids()
  }

  /// The port of an earlier start while it is free, so that addresses of old jobs stay true.
  private func chosenPort() throws(Failure) -> UInt16 {
    if let port = plan.port {
      guard Ports.isFree(port) else { throw .usage("port \(port) is taken", "take another --port") }
      return port
    }
    let remembered = plan.folder.port("sim")
    let port = try Ports.free(remembered)
    if let remembered, port != remembered {
      Console.error("kinora sandbox: port \(remembered) is taken, the simulator gets another")
    }
    return port
  }

  /// The simulator says `ready http://127.0.0.1:PORT`; what follows goes to its log.
  func readPipe() {
    guard pipe >= 0 else { return }
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(pipe, &buffer, buffer.count)
      if count <= 0 { return }
      if !simulator.isReady {
        pipeText += String(decoding: buffer[0..<count], as: UTF8.self)
        for line in pipeText.split(separator: "\n") where line.hasPrefix("ready http://") {
          guard let port = line.split(separator: ":").last.flatMap({ UInt16($0) }) else { continue }
          simulatorPort = port
          simulator.isReady = true
          try? plan.folder.remember(port: port, "sim")
          try? writeEnvironment()
        }
      }
      let log = open(plan.folder.simulatorLog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      _ = Files.append(log, Array(buffer[0..<count]))
      close(log)
    }
  }

  func startFront() throws(Failure) {
    guard let nginx, let openssl else { return }
    let files = frontFiles
    try files.makeCertificates(openssl)
    let port = if let frontPort { frontPort } else { try Ports.free(plan.folder.port("tls")) }
    frontPort = port
    try plan.folder.remember(port: port, "tls")
    try files.writeConfiguration(port: port, simulator: simulatorURL)
    let errors = try openLog(files.log, front)
    defer { close(errors) }
    front.child = try Child.start(
      front.name, nginx, ["-p", files.folder, "-e", files.log, "-c", files.configuration],
      output: errors, errors: errors)
    try writePids()
  }

  func startDaemon() throws(Failure) {
    let errors = try openLog(plan.folder.daemonLog, daemon)
    defer { close(errors) }
    let extra = plan.extra.flatMap { ["--config", $0] }
    daemon.child = try Child.start(
      daemon.name, plan.daemon, ["--config", plan.folder.configuration] + extra, output: errors,
      errors: errors)
    try writePids()
  }

  private func openLog(_ path: String, _ service: Service) throws(Failure) -> Int32 {
    service.logStart = Files.size(path)
    let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    if log < 0 { throw .system("cannot write \(path)", errno) }
    return log
  }

  func writeConfiguration() throws(Failure) {
    let text = try SandboxConfiguration(
      folder: plan.folder, plugins: plan.plugins, simulator: simulatorURL,
      front: frontURL.map { ($0, frontFiles.authority) }, speed: plan.speed
    ).text()
    try Files.replace(plan.folder.configuration, text)
  }

  private func writePids() throws(Failure) {
    try PidFile.write(pidFile, [simulator.child, front.child, daemon.child].compactMap { $0 })
  }

  /// `NAME=VALUE` lines for a shell.
  func environmentText() throws(Failure) -> String {
    var lines = [
      "KINORA_SOCKET=\(Shell.quoted(plan.folder.socket))",
      "KINORA_SIM=\(simulatorURL)",
      "KINORAD_PID=\(daemon.child?.pid ?? 0)",
      "KINORA_SIM_PID=\(simulator.child?.pid ?? 0)",
    ]
    if let frontURL {
      lines.append("KINORA_SIM_TLS=\(frontURL)")
      lines.append("KINORA_SIM_CA=\(Shell.quoted(frontFiles.authority))")
    }
    return lines.joined(separator: "\n")
  }

  /// Replaced only while everything runs, so that who reads it finds living pids.
  func writeEnvironment() throws(Failure) {
    guard simulator.isReady, daemon.isReady, front.isReady || !hasFront else { return }
    try Files.replace(plan.folder.environment, try environmentText() + "\n")
  }

  /// Ends all: the daemon first and with time to drain, then what it talks to.
  func stopAll() {
    end([daemon.child], within: 20_000)
    end([simulator.child, front.child], within: 5000)
  }

  private func end(_ children: [Child?], within milliseconds: Milliseconds) {
    var left = children.compactMap { $0 }
    for child in left { kill(child.pid, SIGTERM) }
    let end = Now.steady + milliseconds
    while true {
      left.removeAll { $0.ended() != nil }
      if left.isEmpty { return }
      var isHurried = Now.steady > end
      var watched = pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)
      poll(&watched, 1, 20)
      while let signal = signals.next() { if signal == SIGINT { isHurried = true } }
      guard isHurried else { continue }
      for child in left {
        Console.error("kinora sandbox: \(child.name) does not end and is killed")
        kill(child.pid, SIGKILL)
        _ = kn_wait(child.pid)
      }
      return
    }
  }
}
