import CSys
import Glibc

/// A program that the sandbox runs.
struct Child {
  let name: String
  let pid: pid_t
  /// The file that it runs.
  let program: String

  /// Starts a program in a session of its own (Ctrl-C is for the sandbox alone), which ends when the
  /// sandbox ends, however that happens.
  static func start(
    _ name: String, _ program: String, _ arguments: [String], output: Int32, errors: Int32
  ) throws(Failure) -> Child {
    let words = [Programs.own, "sandbox-child", "--", "\(getpid())", program] + arguments
    let pid = try spawn(Programs.own, words, output: output, errors: errors)
    return Child(name: name, pid: pid, program: program)
  }

  /// Runs a program to its end; its exit status, or minus the signal.
  static func run(_ program: String, _ arguments: [String], errors: Int32) throws(Failure) -> Int32
  {
    kn_wait(try spawn(program, [program] + arguments, output: errors, errors: errors))
  }

  private static func spawn(_ program: String, _ words: [String], output: Int32, errors: Int32)
    throws(Failure) -> pid_t
  {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(null) }
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for pointer in arguments { free(pointer) } }
    var pid: pid_t = 0
    let standard = [null, output, errors]
    let number = kn_spawn(&pid, program, &arguments, environ, standard, [], 0)
    if number != 0 { throw .system("cannot start \(program)", number, .configuration) }
    return pid
  }

  /// How it ended (exit status, or minus the signal); nil while it runs.
  func ended() -> Int32? {
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : -signal
  }
}

/// What `/proc` says of a process.
enum ProcessTable {
  /// When it started, in ticks since boot: with the pid it names one process for ever.
  static func startTime(_ pid: pid_t) -> String? {
    guard let text = Files.text("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
      return nil
    }
    // After the name come the fields 3, 4, …; the start is field 22 (proc(5)).
    let fields = text[text.index(after: end)...].split(separator: " ")
    return fields.count > 19 ? String(fields[19]) : nil
  }

  /// The file that it runs, also when a newer one took its place.
  static func program(_ pid: pid_t) -> String? {
    guard let path = Files.link("/proc/\(pid)/exe") else { return nil }
    return path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
  }
}
