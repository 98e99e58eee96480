/// Help texts, made from the command table.
enum Help {
  /// `kinora --help`.
  static func overview() -> String {
    var lines = [
      "kinora generate \"a paper boat on a pond\" -m sample/clip -d 5 -o boat.mp4",
      "    make a video, follow it, and put it there",
      "kinora jobs",
      "    what is running and what is done",
      "",
      "Usage: kinora [--socket PATH] COMMAND …",
      "",
    ]
    let width = Commands.visible.map(\.name.count).max() ?? 0
    for command in Commands.visible {
      lines.append("  \(padded(command.name, width))  \(command.summary)")
    }
    lines += [
      "",
      "kinora COMMAND --help tells more. Data goes to standard output, all else to standard error.",
      "Exit: 0 done, 1 job failed, 2 usage, 3 not found, 4 not allowed, 5 budget or quota, 6 held,",
      "7 still running at --timeout, 69 daemon unreachable, 74 output not written,",
      "78 configuration, 130 interrupted.",
    ]
    return lines.joined(separator: "\n")
  }

  /// `kinora COMMAND --help`.
  static func text(_ command: Command) -> String {
    var lines: [String] = []
    for example in command.examples { lines += [example.line, "    \(example.does)"] }
    lines += ["", "kinora \(command.name): \(command.summary)", ""]
    let operands = command.operands.isEmpty ? "" : " \(command.operands)"
    lines += ["Usage: kinora \(command.name)\(command.flags.isEmpty ? "" : " [FLAGS]")\(operands)"]
    lines.append("")
    let width = command.allFlags.map(\.spelling.count).max() ?? 0
    for flag in command.allFlags {
      lines.append("  \(padded(flag.spelling, width))  \(flag.help)")
    }
    for note in command.notes { lines += ["", note] }
    return lines.joined(separator: "\n")
  }
}
