import KinoraModel

/// A read of the daemon: `--json` prints its own words, else they are told for people.
enum Read {
  static func run(
    _ invocation: Invocation, _ request: Request, tell: (JSON) throws(Failure) -> Void
  ) throws(Failure) -> Exit {
    let answer = try invocation.client.send(request)
    if invocation.arguments.has("json") {
      Console.print(answer.body)
      return .done
    }
    guard let json = answer.json else {
      throw Failure(
        exit: .unreachable, what: "what answers at \(invocation.socket) does not speak JSON")
    }
    try tell(json)
    return .done
  }

  /// `items` of an answer's list, or a word that there are none.
  static func list(_ json: JSON, none: String) -> [JSON] {
    let items = json["data"]?.array ?? []
    if items.isEmpty { Console.error("kinora: \(none)") }
    return items
  }
}

extension JSON {
  /// For a cell of a table: text as it is, lists with commas, `-` for nothing.
  var cell: String {
    switch self {
    case .null: "-"
    case .string(let text): text
    case .bool(let value): value ? "yes" : "no"
    case .array(let items): items.isEmpty ? "-" : items.map(\.cell).joined(separator: ",")
    default: text
    }
  }

  /// A member's cell.
  func cell(_ key: String) -> String { self[key]?.cell ?? "-" }
}
