import KinoraModel

extension Commands {
  static let jobs = Command(
    name: "jobs", summary: "list jobs, newest first",
    examples: [
      ("kinora jobs", "the last 20"),
      ("kinora jobs --status running,held --all", "all that run or are held"),
    ],
    flags: [
      Flag("status", nil, .value("WORDS"), "queued, running, held, …; several with commas"),
      Flag("provider", nil, .value("NAME"), "only of this provider"),
      Flag("metadata", nil, .values("KEY=VALUE"), "only with this metadata"),
      Flag("limit", nil, .value("N"), "how many (20)"),
      Flag("all", nil, .on, "all of them"),
      .json,
    ],
    notes: ["Costs with a ~ are put aside, not yet settled."],
    run: { invocation throws(Failure) in
      let arguments = invocation.arguments
      var query: [String] = []
      for name in ["status", "provider"] {
        if let value = arguments.value(name) { query.append("\(name)=\(value.escaped)") }
      }
      for pair in try arguments.pairs("metadata") {
        query.append("metadata[\(pair.key.escaped)]=\(pair.value.escaped)")
      }
      let limit = try arguments.count("limit", 1...1_000_000)
      let most = arguments.has("all") ? Int.max : limit ?? 20
      let list = try JobPages(client: invocation.client, query: query).read(most)
      if arguments.has("json") {
        Console.print(list.text)
        return .done
      }
      show(list["data"]?.array ?? [])
      if list["has_more"]?.bool == true {
        Console.error("kinora: there are more; --limit N or --all")
      }
      return .done
    })

  private static func show(_ items: [JSON]) {
    if items.isEmpty { return Console.error("kinora: no jobs") }
    var table = Table(["ID", "STATE", "MODEL", "AGE", "COST", "PROMPT"])
    let now = Now.wall
    for item in items {
      let job = Job(json: item)
      table.add([
        job.id, job.state, job.model, Words.age(job.age(now: now)), job.cost,
        Words.start(job.prompt, 60),
      ])
    }
    table.show()
  }
}

/// Pages of `GET /v1/videos`, joined.
private struct JobPages {
  let client: Client
  let query: [String]

  /// At most `most` jobs, as one list of the daemon's shape.
  func read(_ most: Int) throws(Failure) -> JSON {
    var items: [JSON] = []
    var hasMore = true
    while hasMore, items.count < most {
      var query = self.query + ["limit=\(min(1000, most - items.count))"]
      if let last = items.last { query.append("after=\(Job(json: last).id.escaped)") }
      let page = try client.json(.get("/v1/videos?\(query.joined(separator: "&"))"))
      let more = page["data"]?.array ?? []
      items += more
      hasMore = page["has_more"]?.bool == true && !more.isEmpty
    }
    return .object([
      JSONMember("object", "list"), JSONMember("data", .array(items)),
      JSONMember("has_more", .bool(hasMore)), JSONMember("first_id", items.first?["id"] ?? .null),
      JSONMember("last_id", items.last?["id"] ?? .null),
    ])
  }
}
