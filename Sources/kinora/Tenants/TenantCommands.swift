import KinoraModel

/// `kinora tenant`: whom a client serves, with which model.
extension Commands {
  private static let client = Flag(
    "client", nil, .value("CLIENT"), "another client's, for administrators (your own)")

  static let tenantShow = Command(
    name: "tenant show", summary: "a tenant's settings", operands: "TENANT", count: 1...1,
    examples: [
      ("kinora tenant show guild-42", "your own client's"),
      ("sudo kinora tenant show guild-42 --client bot", "a configured client's"),
    ],
    flags: [client, .json],
    run: { invocation throws(Failure) in
      try Read.run(invocation, .get(tenantTarget(invocation))) { json in
        for line in Outline.lines(json) { Console.print(line) }
      }
    })

  static let tenantSet = Command(
    name: "tenant set", summary: "change a tenant's settings", operands: "TENANT", count: 1...1,
    examples: [
      ("kinora tenant set guild-42 --model google/veo-3.1", "used when a request names none"),
      ("kinora tenant set guild-42 --provider google --restore", "with the model it had there"),
      ("kinora tenant set guild-42 --no-enabled", "no videos for now"),
    ],
    flags: [
      Flag("enabled", nil, .onOff, "whether videos may be made"),
      Flag("model", "m", .value("MODEL"), "the model slot; \"\" empties it"),
      Flag("provider", nil, .value("NAME"), "the provider; another one empties the slot"),
      Flag("restore", nil, .on, "with --provider: the model that was in use with it"),
      Flag("max-output-bytes", nil, .value("N"), "larger files are kept, not counted; 0: any"),
      Flag("profile", nil, .value("NAME"), "a configured delivery profile; \"\" for none"),
      Flag("prompt-suffix", nil, .value("TEXT"), "sent behind every prompt; \"\" for none"),
      Flag("style", nil, .values("NAME=TEXT"), "a style of its own; NAME= removes it"),
      client, .json,
    ],
    run: { invocation throws(Failure) in
      let arguments = invocation.arguments
      var body: [JSONMember] = []
      if let enabled = arguments.choice("enabled") {
        body.append(JSONMember("enabled", .bool(enabled)))
      }
      for name in ["provider", "model", "profile", "prompt-suffix"] {
        guard let value = arguments.value(name) else { continue }
        body.append(
          JSONMember(name.replacing("-", with: "_"), value.isEmpty ? .null : .string(value)))
      }
      let styles = try arguments.pairs("style").map { name, text in
        JSONMember(name, text.isEmpty ? .null : ["prompt": .string(text)])
      }
      if !styles.isEmpty { body.append(JSONMember("styles", .object(styles))) }
      if arguments.has("restore") { body.append(JSONMember("restore", true)) }
      if let most = try arguments.count("max-output-bytes", 0...Int.max) {
        body.append(JSONMember("max_output_bytes", most == 0 ? .null : JSON(most)))
      }
      return try putTenant(invocation, body)
    })

  static let quotaShow = Command(
    name: "quota show", summary: "how many results a tenant may have, and had",
    operands: "TENANT", count: 1...1,
    examples: [
      ("kinora quota show guild-42", "limits and the tenant's period"),
      ("kinora quota show guild-42 --user ann", "and Ann's day"),
    ],
    flags: [Flag("user", nil, .value("USER"), "one of its users"), client, .json],
    run: { invocation throws(Failure) in
      let user = invocation.arguments.value("user").map { "user=\($0.escaped)" }
      return try Read.run(
        invocation, .get(tenantTarget(invocation, "/quota", user)), tell: showQuota)
    })

  static let quotaSet = Command(
    name: "quota set", summary: "change a tenant's limits", operands: "TENANT", count: 1...1,
    examples: [
      ("kinora quota set guild-42 --per-user-per-day 5", "0 is no limit"),
      ("kinora quota set guild-42 --pool 100 --pool-days 30", "for all its users together"),
    ],
    flags: [
      kind, Flag("per-user-per-day", nil, .value("N"), "results of each user on a day, 0…100"),
      Flag("pool", nil, .value("N"), "results of all in a period, 0…99999"),
      Flag("pool-days", nil, .value("N"), "days of a period, 1…365"),
      Flag("enabled", nil, .onOff, "whether the limits hold"), client, .json,
    ],
    run: { invocation throws(Failure) in
      let arguments = invocation.arguments
      var rule: [JSONMember] = []
      for (name, range) in [
        ("per-user-per-day", 0...100), ("pool", 0...99_999), ("pool-days", 1...365),
      ] {
        guard let value = try arguments.count(name, range) else { continue }
        rule.append(JSONMember(name.replacing("-", with: "_"), JSON(value)))
      }
      if let enabled = arguments.choice("enabled") {
        rule.append(JSONMember("enabled", .bool(enabled)))
      }
      guard !rule.isEmpty else { throw .usage("what is to be changed?", "see: --help") }
      let isImage = arguments.value("kind") == "image"
      return try putTenant(
        invocation, [JSONMember(isImage ? "image_quota" : "quota", .object(rule))])
    })

  static let quotaReset = Command(
    name: "quota reset", summary: "begin a count anew", operands: "TENANT", count: 1...1,
    examples: [
      ("kinora quota reset guild-42 --user ann", "Ann's day"),
      ("kinora quota reset guild-42 --pool", "the tenant's period, from now on"),
    ],
    flags: [
      Flag("user", nil, .value("USER"), "this user's present day"),
      Flag("pool", nil, .on, "the tenant's period"), kind, client, .json,
    ],
    run: { invocation throws(Failure) in
      let arguments = invocation.arguments
      let user = arguments.value("user")
      guard (user != nil) != arguments.has("pool") else {
        throw .usage("which count?", "one of: --user USER, --pool")
      }
      var body = [JSONMember("scope", user == nil ? "pool" : "user")]
      if let user { body.append(JSONMember("user", .string(user))) }
      if let kind = arguments.value("kind") { body.append(JSONMember("kind", .string(kind))) }
      return try Read.run(
        invocation,
        .post(tenantTarget(invocation, "/quota/reset"), .json(.object(body))), tell: showQuota)
    })

  static let capabilities = Command(
    name: "capabilities", summary: "what can be made now, and why not what cannot",
    examples: [
      ("kinora capabilities", "for yourself"),
      ("kinora capabilities --tenant guild-42 --user ann", "with the quota that Ann has left"),
    ],
    flags: [
      Flag("tenant", nil, .value("TENANT"), "for this tenant"),
      Flag("user", nil, .value("USER"), "for this user of it"),
      Flag("model", "m", .value("MODEL"), "with this model"), .json,
    ],
    run: { invocation throws(Failure) in
      let query = ["tenant", "user", "model"].compactMap { name in
        invocation.arguments.value(name).map { "\(name)=\($0.escaped)" }
      }
      return try Read.run(
        invocation, .get("/v1/capabilities?\(query.joined(separator: "&"))")
      ) { json in
        for line in Outline.lines(json) { Console.print(line) }
      }
    })

  private static let kind = Flag("kind", nil, .value("KIND"), "video or image (video)")

  private static func putTenant(
    _ invocation: Invocation, _ body: [JSONMember]
  ) throws(Failure) -> Exit {
    guard !body.isEmpty else { throw .usage("what is to be changed?", "see: --help") }
    let request = Request(
      method: "PUT", target: tenantTarget(invocation), body: .json(.object(body)))
    return try Read.run(invocation, request) { json in
      for line in Outline.lines(json) { Console.print(line) }
    }
  }

  private static func tenantTarget(
    _ invocation: Invocation, _ below: String = "", _ more: String? = nil
  ) -> String {
    let client = invocation.arguments.value("client").map { "client=\($0.escaped)" }
    let query = [client, more].compactMap { $0 }.joined(separator: "&")
    let path = "/v1/tenants/\(invocation.arguments.operands[0].escaped)\(below)"
    return query.isEmpty ? path : "\(path)?\(query)"
  }

  private static func showQuota(_ json: JSON) {
    var table = Table(["KIND", "SCOPE", "USED", "ON THE WAY", "LIMIT", "LEFT", "RESETS"])
    for kind in QuotaKind.allCases.map(\.rawValue) {
      for scope in ["user", "pool"] {
        guard let count = json[kind]?[scope] else { continue }
        let limit = count["limit"]?.integer == 0 ? "-" : count.cell("limit")
        table.add([
          kind, scope == "user" ? "user \(count.cell("user"))" : "pool", count.cell("used"),
          count.cell("reserved"), limit, count.cell("remaining"), count.cell("resets_at"),
        ])
      }
    }
    table.show()
  }
}
