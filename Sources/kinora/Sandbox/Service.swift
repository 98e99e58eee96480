import Glibc
import KinoraModel

/// One of the sandbox's programs over its restarts.
final class Service {
  /// Deaths in a row before it was ready, after which it is given up.
  static let mostFailures = 20

  let name: String
  var child: Child?
  var isReady = false
  /// When it is to be started again.
  var due: Milliseconds = 0
  /// Deaths in a row without having been ready.
  var failures = 0
  /// Bytes of its log before this start.
  var logStart = 0

  init(_ name: String) { self.name = name }

  /// Takes note of a death: started again at once, a little later when it keeps dying.
  func died() {
    failures = isReady ? 0 : failures + 1
    isReady = false
    child = nil
    due = Now.steady + (failures > 3 ? 200 : 0)
  }
}

/// The pids of a sandbox, so that the next one can end what a killed one left.
enum PidFile {
  static func write(_ path: String, _ children: [Child]) throws(Failure) {
    let lines = children.map { child in
      "\(child.pid) \(ProcessTable.startTime(child.pid) ?? "0") \(child.program)\n"
    }
    try Files.replace(path, lines.joined())
  }

  /// Ends what still runs: only processes that are the very same, by start time and program.
  static func endLeftovers(_ path: String) {
    var left: [pid_t] = []
    for line in (Files.text(path) ?? "").split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
      guard parts.count == 3, let pid = pid_t(parts[0]), pid > 1,
        ProcessTable.startTime(pid) == parts[1], ProcessTable.program(pid) == parts[2]
      else { continue }
      kill(pid, SIGTERM)
      left.append(pid)
    }
    let end = Now.steady + 5000
    while !left.isEmpty {
      if Now.steady > end { for pid in left { kill(pid, SIGKILL) } }
      usleep(20_000)
      left.removeAll { kill($0, 0) != 0 || isZombie($0) }
    }
    unlink(path)
  }

  private static func isZombie(_ pid: pid_t) -> Bool {
    Files.text("/proc/\(pid)/stat").map { $0.contains(") Z ") } ?? true
  }
}
