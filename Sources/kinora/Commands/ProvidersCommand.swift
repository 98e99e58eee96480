import KinoraModel

extension Commands {
  /// `kinora providers`: `GET /v1/providers` as a table.
  static let providers = Command(
    name: "providers", summary: "providers, their keys and how they are reached",
    examples: [
      ("kinora providers", "state, transport, jobs"),
      ("kinora providers --json", "with credential sources, never with keys"),
    ],
    flags: [.json],
    run: { invocation throws(Failure) in
      try Read.run(invocation, .get("/v1/providers")) { json in
        let items = Read.list(json, none: "no providers; see: kinora config show")
        if items.isEmpty { return }
        var table = Table(["NAME", "STATE", "TRANSPORT", "KEYS", "RUNNING", "QUEUED", "DETAIL"])
        for item in items {
          let keys = (item["credentials"]?.array ?? []).map { key in
            "\(key.cell("name")):\(key["found"]?.bool == true ? "found" : "missing")"
          }
          let isOff = item["enabled"]?.bool == false
          table.add([
            item.cell("name"), isOff ? "disabled" : item.cell("state"),
            item["transport"]?.cell("effective") ?? "-",
            keys.isEmpty ? "-" : keys.joined(separator: ","), item.cell("running"),
            item.cell("queued"), item.cell("detail"),
          ])
        }
        table.show()
      }
    })
}
