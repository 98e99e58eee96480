import KinoraModel

extension Commands {
  /// `kinora usage`: `GET /v1/usage` as a table.
  static let usage = Command(
    name: "usage", summary: "money: caps, reserved and spent; what was made",
    examples: [
      ("kinora usage", "today, in UTC"),
      ("kinora usage --day all", "every day"),
    ],
    flags: [Flag("day", nil, .value("DAY"), "2026-11-21, or all (today)"), .json],
    run: { invocation throws(Failure) in
      let day = invocation.arguments.value("day").map { "?day=\($0.escaped)" } ?? ""
      return try Read.run(invocation, .get("/v1/usage\(day)")) { json in
        let items = Read.list(json, none: "nothing reserved, nothing spent")
        if items.isEmpty { return }
        var table = Table(["DAY", "SCOPE", "RESERVED", "SPENT", "CAP", "LEFT", "FILES", "VIDEO"])
        for item in items {
          let reserved = MicroUSD(item["reserved_microusd"]?.integer ?? 0)
          let spent = MicroUSD(item["spent_microusd"]?.integer ?? 0)
          let cap = item["cap_microusd"]?.integer.map { MicroUSD($0) }
          table.add([
            item.cell("day"), item.cell("scope"), reserved.dollars, spent.dollars,
            cap?.dollars ?? "-", cap.map { ($0 - reserved - spent).dollars } ?? "-",
            item.cell("results"), "\(item.cell("video_seconds")) s",
          ])
        }
        table.show()
      }
    })
}
