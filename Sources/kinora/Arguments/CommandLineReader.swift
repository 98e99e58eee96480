import KinoraModel

/// Turns words into a command and its arguments. Flags may stand anywhere; `--` ends them.
struct CommandLineReader {
  enum Line {
    case overview
    case help(Command)
    case run(Command, Arguments)
  }

  private var words: ArraySlice<String>
  private var arguments = Arguments()
  private var wantsHelp = false

  init(_ words: [String]) { self.words = words[...] }

  /// Reads it all; throws what is wrong with it and the nearest right word.
  func read() throws(Failure) -> Line {
    var reader = self
    return try reader.readAll()
  }

  private mutating func readAll() throws(Failure) -> Line {
    while let word = words.first, word.hasPrefix("-"), word != "-" {
      words.removeFirst()
      if word == "--version" || word == "-V" {
        guard let version = Commands.named("version") else { break }
        return .run(version, arguments)
      }
      try flag(word, of: Flag.everywhere, where: "before the command")
    }
    guard let first = words.popFirst() else {
      if wantsHelp || arguments.has("socket") { return .overview }
      throw .usage("no command", "see: kinora --help")
    }
    if first == "help" { return try helpCommand() }
    let command = try self.command(first)
    var operands: [String] = []
    while let word = words.popFirst() {
      if word == "--" {
        operands += words
        break
      }
      if word.hasPrefix("-"), word != "-" {
        try flag(word, of: command.allFlags, where: "of kinora \(command.name)")
      } else {
        operands.append(word)
      }
    }
    if wantsHelp { return .help(command) }
    arguments.operands = operands
    try check(command, operands)
    return .run(command, arguments)
  }

  private mutating func helpCommand() throws(Failure) -> Line {
    guard let word = words.popFirst() else { return .overview }
    return .help(try command(word))
  }

  /// The command of one or two words.
  private mutating func command(_ first: String) throws(Failure) -> Command {
    if let second = words.first, let long = Commands.named("\(first) \(second)") {
      words.removeFirst()
      return long
    }
    if let command = Commands.named(first) { return command }
    let below = Commands.all.filter { $0.name.hasPrefix("\(first) ") }.map(\.name)
    if !below.isEmpty {
      if let second = words.first, ["-h", "--help"].contains(second), let one = below.first,
        let command = Commands.named(one)
      {
        words.removeFirst()
        return command
      }
      throw .usage(
        "kinora \(first) needs a second word", "one of: \(below.joined(separator: ", "))")
    }
    let firsts = Commands.visible.map { String($0.name.prefix { $0 != " " }) }
    let near = Spelling.nearest(first, in: firsts)
    throw .usage(
      "there is no command \(Shell.quoted(first))",
      near.first.map { "did you mean: kinora \($0)" } ?? "see: kinora --help")
  }

  private func check(_ command: Command, _ operands: [String]) throws(Failure) {
    let see = "see: kinora \(command.name) --help"
    // A shell's variable that is not set; only a prompt may be empty, beside a picture.
    if operands.contains(""), command.operands != "PROMPT" {
      throw .usage("kinora \(command.name) got an empty \(command.operands)", see)
    }
    if command.count.contains(operands.count) { return }
    if operands.count < command.count.lowerBound {
      throw .usage("kinora \(command.name) needs \(command.operands)", see)
    }
    let extra = operands[command.count.upperBound]
    let below = Commands.all.map(\.name).filter { $0.hasPrefix("\(command.name) ") }
    let near = Spelling.nearest("\(command.name) \(extra)", in: below)
    throw .usage(
      "kinora \(command.name) does not know what to do with \(Shell.quoted(extra))",
      near.first.map { "did you mean: kinora \($0)" }
        ?? (command.count.upperBound == 1 ? "text with spaces needs quotes" : see))
  }

  private mutating func flag(_ word: String, of flags: [Flag], where place: String)
    throws(Failure)
  {
    if !word.hasPrefix("--") { return try shortFlags(word, of: flags, where: place) }
    let parts = word.dropFirst(2).split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    let inline = parts.count == 2 ? String(parts[1]) : nil
    if let flag = flags.first(where: { $0.name == name || $0.others.contains(name) }) {
      return try take(flag, written: "--\(name)", inline: inline)
    }
    if name.hasPrefix("no-"), inline == nil,
      let flag = flags.first(where: { $0.name == name.dropFirst(3) && $0.shape == .onOff })
    {
      return arguments.add(flag.name, "false")
    }
    let near = Spelling.nearest(name, in: flags.flatMap { [$0.name] + $0.others })
    throw .usage(
      "there is no flag --\(name) \(place)",
      near.first.map { "did you mean: --\($0)" } ?? "see: kinora --help")
  }

  /// `-m MODEL`, `-mMODEL`, and flags without value in one word.
  private mutating func shortFlags(_ word: String, of flags: [Flag], where place: String)
    throws(Failure)
  {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let flag = flags.first(where: { $0.short == letter }) else {
        throw .usage("there is no flag -\(letter) \(place)", "see: kinora --help")
      }
      let inline = flag.valueName != nil && !letters.isEmpty ? String(letters) : nil
      if inline != nil { letters = "" }
      try take(flag, written: "-\(letter)", inline: inline)
    }
  }

  private mutating func take(_ flag: Flag, written: String, inline: String?) throws(Failure) {
    guard let valueName = flag.valueName else {
      if let inline { throw .usage("\(written) takes no value, not \(Shell.quoted(inline))") }
      if flag.name == "help" { wantsHelp = true }
      return arguments.add(flag.name, "true")
    }
    guard let value = inline ?? words.popFirst() else {
      throw .usage("\(written) needs a value: \(written) \(valueName)")
    }
    arguments.add(flag.name, value)
  }
}
