import KinoraModel

/// The program: finds the command, reads its arguments, runs it.
enum Program {
  /// The version of this program; the daemon's should be the same.
  static let version = Version.current

  static func run() -> Exit {
    do throws(Failure) {
      let words = try commandLine()
      let exit = try start(Array(words.dropFirst()))
      guard Console.lost != 0 else { return exit }
      throw .system("cannot write to standard output", Console.lost, .outputLost)
    } catch {
      if error.exit != .interrupted || error.what != Failure.interrupted.what {
        Console.error(error.text)
      }
      return error.exit
    }
  }

  /// The words as they were typed. Swift's own list mends what is no UTF-8, and a mended prompt is
  /// another one, at the same price.
  private static func commandLine() throws(Failure) -> [String] {
    var words: [String] = []
    for (at, word) in CommandLine.arguments.enumerated() {
      guard let raw = CommandLine.unsafeArgv[at], String(validatingCString: raw) == word else {
        throw .usage(
          "argument \(at) is not UTF-8: \(Shell.quoted(word))",
          "the terminal's character set must be UTF-8: export LANG=C.UTF-8")
      }
      words.append(word)
    }
    return words
  }

  private static func start(_ words: [String]) throws(Failure) -> Exit {
    let line = try CommandLineReader(words).read()
    switch line {
    case .overview:
      Console.print(Help.overview())
      return .done
    case .help(let command):
      Console.print(Help.text(command))
      return .done
    case .run(let command, let arguments):
      return try command.run(Invocation(command: command, arguments: arguments))
    }
  }
}
