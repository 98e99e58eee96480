import KinoraModel

extension Commands {
  /// `kinora plugins`: `GET /v1/plugins` as a table.
  static let plugins = Command(
    name: "plugins", summary: "plugin files and why one is not loaded",
    examples: [
      ("kinora plugins", "name, state, version, models"),
      ("kinora plugins --json", "with paths, ids and faults"),
    ],
    flags: [.json],
    run: { invocation throws(Failure) in
      try Read.run(invocation, .get("/v1/plugins")) { json in
        let items = Read.list(json, none: "no plugins; see plugin_path in: kinora config show")
        if items.isEmpty { return }
        var table = Table(["NAME", "STATE", "VERSION", "MODELS", "PATH", "DETAIL"])
        for item in items {
          let models = item["models"]?.array.map { "\($0.count)" } ?? item.cell("models")
          table.add([
            item.cell("name"), item.cell("state"), item.cell("version"), models, item.cell("path"),
            item.cell("detail"),
          ])
        }
        table.show()
      }
    })
}
