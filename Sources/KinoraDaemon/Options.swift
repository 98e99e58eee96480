/// What was written after `kinorad`.
struct Options {
  var configurations: [String] = []
  var pluginPath: [String] = []
  var mode = Mode.run

  enum Mode { case run, check, version, help, crashPoints }

  static let usage = """
    kinorad --config FILE [--config FILE…] [--check-config]

      kinorad --config /etc/kinora/kinora.yaml
      kinorad --config kinora.yaml --check-config

      --config FILE       the configuration; a later one is laid over an earlier one
      --check-config      say everything that is wrong with it, exit 0 or 78
      --plugin-path DIR   look for plugins here first
      --crash-points      list the points at which KINORA_CRASH=POINT:N ends the daemon
      --version           print the version
      -h, --help          print this

    """

  /// The options, or what is wrong with them.
  static func parse(_ arguments: [String]) -> Result<Options, UsageError> {
    var options = Options()
    var rest = arguments.dropFirst()
    while let word = rest.popFirst() {
      switch word {
      case "--config", "-c", "--plugin-path":
        guard let value = rest.popFirst() else {
          return .failure(UsageError(text: "\(word) needs a value"))
        }
        if word == "--plugin-path" {
          options.pluginPath.append(value)
        } else {
          options.configurations.append(value)
        }
      case "--check-config": options.mode = .check
      case "--version": options.mode = .version
      case "--crash-points": options.mode = .crashPoints
      case "-h", "--help": options.mode = .help
      default: return .failure(UsageError(text: "unknown option \(word)"))
      }
    }
    if options.configurations.isEmpty { options.configurations = ["/etc/kinora/kinora.yaml"] }
    return .success(options)
  }

  struct UsageError: Error { var text: String }
}
