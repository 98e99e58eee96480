import KinoraModel

extension Commands {
  /// `kinora route explain`: which provider and model a name leads to, and which rule says so.
  static let routeExplain = Command(
    name: "route explain", summary: "what a model's name leads to, and why", operands: "[MODEL]",
    count: 0...1,
    examples: [
      ("kinora route explain veo-3.1-fast", "provider, model there, rule, transport"),
      ("kinora route explain --tenant guild-42", "what a request without a model would get"),
    ],
    flags: [
      Flag("provider", nil, .value("NAME"), "at this provider"),
      Flag("tenant", nil, .value("NAME"), "with this tenant's settings"),
      .json,
    ],
    notes: ["Nothing is sent. A route shows its models in the order in which they would be asked."],
    run: { invocation throws(Failure) in
      var body: [JSONMember] = []
      if let model = invocation.arguments.operands.first {
        body.append(JSONMember("model", .string(model)))
      }
      for name in ["provider", "tenant"] {
        if let value = invocation.arguments.value(name) {
          body.append(JSONMember(name, .string(value)))
        }
      }
      return try Read.run(invocation, .post("/v1/route:explain", .json(.object(body)))) { tell($0) }
    })

  private static func tell(_ json: JSON) {
    var kind = json.cell("route") == "-" ? json.cell("rule") : "route"
    if json["provider_alias"]?.string != nil { kind += ", an alias of the provider" }
    Console.print(
      Words.line("\(json.cell("asked")) (\(json.cell("source")), \(kind)): \(json.cell("model"))"))
    var table = Table(["MODEL", "PROVIDER", "THERE", "SUBMIT", "POLL", "READY"])
    for item in json["candidates"]?.array ?? [] {
      let cooldown = item["cooldown"]?["until"]?.string.map { "left alone until \($0)" }
      let ready = item["ready"]?.bool == true ? cooldown ?? "yes" : "no: \(item.cell("reason"))"
      table.add([
        item.cell("model"), item.cell("provider"), item.cell("upstream_model"),
        item["transport"]?.cell("submit") ?? "-", item["transport"]?.cell("poll") ?? "-", ready,
      ])
    }
    table.show()
  }
}
