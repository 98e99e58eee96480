import KinoraModel

extension Commands {
  static let styles = Command(
    name: "styles", summary: "words that --style adds to a prompt",
    examples: [
      ("kinora styles", "those of the configuration"),
      ("kinora styles --tenant guild-42", "and those of a tenant"),
    ],
    flags: [Flag("tenant", nil, .value("TENANT"), "with this tenant's own"), .json],
    run: { invocation throws(Failure) in
      let tenant = invocation.arguments.value("tenant").map { "?tenant=\($0.escaped)" } ?? ""
      return try Read.run(invocation, .get("/v1/styles\(tenant)")) { json in
        let items = Read.list(json, none: "no styles; see docs/operations.md")
        if items.isEmpty { return }
        var table = Table(["STYLE", "OF", "PROMPT", "NEGATIVE"])
        for item in items {
          table.add(["name", "owner", "prompt", "negative"].map(item.cell))
        }
        table.show()
      }
    })
}
