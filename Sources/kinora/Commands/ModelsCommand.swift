import KinoraModel

extension Commands {
  static let models = Command(
    name: "models", summary: "models, what they can and what they cost", operands: "[ID]",
    count: 0...1,
    examples: [
      ("kinora models", "all that the plugins know"),
      ("kinora models sample/clip", "everything about one"),
    ],
    flags: [Flag("provider", nil, .value("NAME"), "only of this provider"), .json],
    run: { invocation throws(Failure) in
      if let id = invocation.arguments.operands.first {
        let path = id.split(separator: "/").map { String($0).escaped }.joined(separator: "/")
        return try Read.run(invocation, .get("/v1/models/\(path)")) { json in
          Console.print("\(padded("id", 16)) \(json.cell("id"))")
          for line in Outline.lines(json["kinora"] ?? .null) { Console.print(line) }
        }
      }
      return try Read.run(invocation, .get("/v1/models")) { json in
        let wanted = invocation.arguments.value("provider")
        let items = Read.list(json, none: "no models; see: kinora plugins")
          .filter { wanted == nil || $0["owned_by"]?.string == wanted }
        if items.isEmpty { return }
        var table = Table(["ID", "KINDS", "SECONDS", "SHAPES", "PRICE", "READY"])
        for item in items {
          let facts = item["kinora"] ?? .null
          table.add([
            item.cell("id"), facts.cell("kinds"), seconds(facts["seconds"]), shapes(facts),
            price(facts["prices"]), ready(facts),
          ])
        }
        table.show()
      }
    })

  /// `4,6,8` or `1-20`, whatever form the catalog's durations have.
  private static func seconds(_ json: JSON?) -> String {
    guard let json, !json.isNull else { return "-" }
    if let least = json["min"]?.double, let most = json["max"]?.double {
      return "\(Words.number(least))-\(Words.number(most))"
    }
    return json.cell
  }

  private static func shapes(_ facts: JSON) -> String {
    let lists = ["resolutions", "sizes", "aspect_ratios"].map(facts.cell)
    return lists.first { $0 != "-" } ?? "-"
  }

  private static func price(_ json: JSON?) -> String {
    guard let first = json?.array?.first else { return "-" }
    let amount =
      first["microusd"]?.integer.map { MicroUSD($0).dollars }
      ?? first["usd"].map { "$\($0.cell)" } ?? "-"
    let more = (json?.array?.count ?? 0) > 1 ? " …" : ""
    return "\(amount)/\(first.cell("per"))\(more)"
  }

  private static func ready(_ facts: JSON) -> String {
    if facts["ready"]?.bool == true {
      return facts["retires_at"]?.string.map { "until \($0)" } ?? "yes"
    }
    return facts["reason"]?.string.map { "no: \($0)" } ?? "no"
  }
}
