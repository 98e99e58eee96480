import KinoraModel

extension Commands {
  static let doctor = Command(
    name: "doctor", summary: "look for what is wrong and how to mend it",
    examples: [
      ("kinora doctor", "from this side of the socket and from the daemon's"),
      ("kinora doctor --json", "the same for a monitor"),
    ],
    flags: [.json],
    notes: ["Exit: 0 when nothing fails, 1 when a check fails, 69 when the daemon is not reached."],
    run: { invocation throws(Failure) in
      let checkup = Checkup(invocation)
      let checks = checkup.run()
      let isOK = !checks.contains { $0.status == .fail }
      if invocation.arguments.has("json") {
        let list = JSON.array(checks.map(\.json))
        Console.print(
          JSON.object([JSONMember("ok", .bool(isOK)), JSONMember("checks", list)]).text)
      } else {
        for check in checks { Console.print(check.text) }
      }
      if !checkup.isReached { return .unreachable }
      return isOK ? .done : .jobFailed
    })
}

/// One finding.
struct Check {
  enum Status: String {
    case ok
    case warn
    case fail
  }

  var name: String
  var status: Status
  var detail: String
  var fix: String?

  var json: JSON {
    .object([
      JSONMember("name", .string(name)), JSONMember("status", .string(status.rawValue)),
      JSONMember("detail", .string(detail)), JSONMember("fix", JSON(fix)),
    ])
  }

  var text: String {
    let word = padded(status.rawValue, 4)
    let color = ["ok": "32", "warn": "33", "fail": "31"][status.rawValue] ?? "0"
    let mark = Console.hasColor ? "\u{1b}[\(color)m\(word)\u{1b}[0m" : word
    let line = "\(mark)  \(padded(name, 20))  \(Words.line(detail))"
    guard status != .ok, let fix, !fix.isEmpty else { return line }
    return "\(line)\n      \(padded("", 20))  \(Words.line(fix))"
  }

  init(_ name: String, _ status: Status, _ detail: String, fix: String? = nil) {
    self.name = name
    self.status = status
    self.detail = detail
    self.fix = fix
  }

  /// A check of the daemon's own.
  init(_ json: JSON) {
    let status = json["status"]?.string.flatMap { Status(rawValue: $0) } ?? .warn
    self.init(json.cell("name"), status, json.cell("detail"), fix: json["fix"]?.string)
  }
}
