/// Why a command ends without its result: what, why, what to do, and the number to end with.
struct Failure: Error, Sendable {
  var exit: Exit
  /// One sentence.
  var what: String
  /// Lines that say what to do.
  var todo: [String] = []
  /// The daemon's name for the request, for its log.
  var requestID: String?
  /// The daemon's error code, where it was the daemon that refused.
  var code: String?

  /// A wrong command line.
  static func usage(_ what: String, _ todo: String...) -> Failure {
    Failure(exit: .usage, what: what, todo: todo)
  }

  /// A system call on something that the user named.
  static func system(_ what: String, _ number: Int32, _ exit: Exit = .usage) -> Failure {
    Failure(exit: exit, what: "\(what): \(systemMessage(number))")
  }

  /// Ctrl-C or SIGTERM.
  static let interrupted = Failure(exit: .interrupted, what: "interrupted")

  /// The text for standard error.
  var text: String {
    var lines = ["kinora: \(what)"]
    for line in todo { lines.append("  \(line)") }
    if let requestID { lines.append("  request \(requestID)") }
    return lines.joined(separator: "\n")
  }
}
