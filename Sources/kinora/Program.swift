import KinoraModel

/// The program: finds the command, reads its arguments, runs it.
enum Program {
  /// The version of this program; the daemon's should be the same.
  static let version = Version.current

  static func run(_ words: [String]) -> Exit {
    do throws(Failure) {
      return try start(Array(words.dropFirst()))
    } catch {
      if error.exit != .interrupted || error.what != Failure.interrupted.what {
        Console.error(error.text)
      }
      return error.exit
    }
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
