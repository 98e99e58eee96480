import Glibc

/// Why the simulator cannot go on.
struct Trouble: Error {
  /// What failed and the kernel's word for it.
  let description: String

  init(_ what: String, _ number: Int32) {
    description = "\(what): \(String(cString: strerror(number)))"
  }

  /// Ends the process: a simulator whose log is not on disk is no witness.
  static func end(_ what: String) -> Never {
    say("\(Trouble(what, errno).description)")
    exit(74)
  }

  /// One line to stderr.
  static func say(_ line: String) {
    _ = Files.write(2, Array("kinora-sim: \(line)\n".utf8))
  }
}
