/// A flag as a command declares it; parsing, help and completion all read this.
struct Flag: Sendable {
  enum Shape: Sendable, Equatable {
    /// There or not.
    case on
    /// `--name` or `--no-name`.
    case onOff
    /// Takes one value, called this in the help; the last one counts.
    case value(String)
    /// Takes a value each time.
    case values(String)
  }

  var name: String
  var short: Character?
  var shape: Shape
  var help: String
  /// Other names that are taken as well.
  var others: [String]

  init(
    _ name: String, _ short: Character? = nil, _ shape: Shape = .on, _ help: String,
    others: [String] = []
  ) {
    self.name = name
    self.short = short
    self.shape = shape
    self.help = help
    self.others = others
  }

  /// What the value is called, or nil for a flag without one.
  var valueName: String? {
    switch shape {
    case .on, .onOff: nil
    case .value(let name), .values(let name): name
    }
  }

  /// As it is written: `-m, --model MODEL`.
  var spelling: String {
    let long = shape == .onOff ? "--[no-]\(name)" : "--\(name)"
    return (short.map { "-\($0), " } ?? "    ") + long + (valueName.map { " \($0)" } ?? "")
  }

  static let socket = Flag(
    "socket", nil, .value("PATH"), "the daemon's socket ($KINORA_SOCKET, /run/kinora/kinora.sock)")
  static let help = Flag("help", "h", .on, "show this help")
  static let sidecar = Flag(
    "sidecar", nil, .on, "write FILE.json beside each file: how it was made")
  static let json = Flag("json", nil, .on, "print the daemon's JSON")
  /// Every command takes them, before or after its name.
  static let everywhere = [socket, help]
}

/// A command as the table declares it.
struct Command: Sendable {
  /// One word, or two: `jobs`, `jobs resolve`.
  var name: String
  /// Half a line, without a full stop.
  var summary: String
  /// The operands, as in `ID…`; empty for none.
  var operands: String = ""
  /// How many operands are taken.
  var count: ClosedRange<Int> = 0...0
  /// At least two: command line and what it does.
  var examples: [(line: String, does: String)]
  var flags: [Flag] = []
  /// Paragraphs after the flags.
  var notes: [String] = []
  /// Left out of the overview.
  var isHidden = false
  var run: @Sendable (Invocation) throws(Failure) -> Exit

  /// Its own flags and those of every command.
  var allFlags: [Flag] { flags + Flag.everywhere }
}

/// One run of one command.
struct Invocation {
  var command: Command
  var arguments: Arguments

  /// The socket that the user chose: `--socket`, then `$KINORA_SOCKET`, then the system's.
  var socket: String {
    if let given = arguments.value("socket") { return given }
    if let path = Environment["KINORA_SOCKET"], !path.isEmpty { return path }
    return "/run/kinora/kinora.sock"
  }

  /// The daemon at that socket.
  var client: Client { Client(socket: socket) }

  /// A command line that the user can paste, with the socket he gave.
  func suggestion(_ line: String) -> String {
    guard let given = arguments.value("socket") else { return "kinora \(line)" }
    return "kinora --socket \(Shell.quoted(given)) \(line)"
  }
}
