import CSys
import Glibc
import KinoraModel

/// One check in a process of its own, so that a plugin that traps ends only that.
enum ChildRun {
  /// Milliseconds a check may take.
  static let limit: Int32 = 60_000

  /// The words of a check that passed; throws what is wrong.
  static func run(_ check: Check, _ options: CheckOptions) throws(KinoraError) -> String {
    var ends: [Int32] = [-1, -1]
    guard kn_pipe(&ends) == 0 else { throw KinoraError(.internalError, "no pipe") }
    defer { close(ends[0]) }
    var arguments = ["kinora-plugin-check", options.file, "--child", check.name]
    if let folder = options.transcripts { arguments += ["--transcripts", folder] }
    if options.rewrites { arguments.append("--rewrite") }
    var pid = pid_t()
    let failed = spawn(&pid, arguments, output: ends[1])
    close(ends[1])
    guard failed == 0 else {
      throw KinoraError(.internalError, "no child process: \(String(cString: strerror(failed)))")
    }
    let (text, isLate) = read(ends[0])
    if isLate { kill(pid, SIGKILL) }
    let status = kn_wait(pid)
    if isLate { throw wrong("it did not come to an end within \(limit / 1000) s") }
    if status < 0 {
      throw wrong("it ended the process with signal \(-status) (\(name(of: -status)))")
    }
    guard let json = try? JSON.parse(text), let words = json["detail"]?.string else {
      throw wrong("it ended the process with status \(status) and without a word")
    }
    guard json["passed"] == .bool(true) else { throw wrong(words) }
    return words
  }

  private static func spawn(_ pid: inout pid_t, _ arguments: [String], output: Int32) -> Int32 {
    // The backtracer would spend seconds on a trap that is expected here.
    let environment = ["SWIFT_BACKTRACE=enable=no", "PATH=/usr/bin:/bin"]
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { for text in argv + envp { free(text) } }
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(null) }
    return kn_spawn(&pid, "/proc/self/exe", &argv, &envp, [null, output, null], [], 0)
  }

  private static func read(_ fd: Int32) -> (bytes: [UInt8], isLate: Bool) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    let end = kn_microseconds(CLOCK_MONOTONIC) + Int64(limit) * 1000
    while true {
      let left = (end - kn_microseconds(CLOCK_MONOTONIC)) / 1000
      var wait = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
      guard left > 0, poll(&wait, 1, Int32(left)) > 0 else { return (bytes, true) }
      let got = Glibc.read(fd, &buffer, buffer.count)
      guard got > 0 else { return (bytes, false) }
      bytes += buffer[..<got]
    }
  }

  private static func name(of signal: Int32) -> String {
    String(cString: strsignal(signal))
  }
}
