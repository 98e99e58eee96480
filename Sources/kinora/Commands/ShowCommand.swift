import KinoraModel

extension Commands {
  static let show = Command(
    name: "show", summary: "all about one job", operands: "ID", count: 1...1,
    examples: [
      ("kinora show video_4f…", "state, money, files, and what can be done"),
      ("kinora show video_4f… --json", "the job as the daemon has it"),
    ],
    flags: [.json],
    run: { invocation throws(Failure) in
      let id = invocation.arguments.operands[0].escaped
      return try Read.run(invocation, .get("/v1/videos/\(id)")) { json throws(Failure) in
        for line in JobText(json: json, invocation: invocation).lines { Console.print(line) }
        guard json["kinora"]?["state"]?.string == "held" else { return }
        let evidence = try invocation.client.json(.get("/v1/videos/\(id)/evidence"))
        Console.print("what is known of its paid requests")
        for row in evidence["data"]?.array ?? [] {
          let detail = row["detail"].map { $0.members?.isEmpty == true ? "" : $0.text } ?? ""
          Console.print(
            Words.line(
              "  \(row.cell("at"))  attempt \(row.cell("attempt")).\(row.cell("ordinal"))  "
                + "\(row.cell("kind"))  \(detail)"))
        }
      }
    })
}

/// A job in lines of name and value.
private struct JobText {
  let json: JSON
  let invocation: Invocation

  var lines: [String] {
    facts.map { "\(padded($0.0, 12)) \(Words.line($0.1))" }
  }

  private var facts: [(String, String)] {
    let job = Job(json: json)
    let kinora = json["kinora"] ?? .null
    var facts = [("id", job.id), ("state", job.state)]
    func add(_ name: String, _ value: JSON?) {
      if let value, value.cell != "-", value.cell != "" { facts.append((name, value.cell)) }
    }
    if let percent = job.percent { facts.append(("progress", "\(percent) %")) }
    add("note", kinora["note"])
    if let message = job.errorMessage { facts.append(("error", message)) }
    add("code", json["error"]?["code"])
    if let words = job.providerError { facts.append(("provider", words)) }
    facts.append(("model", job.model))
    add("kind", kinora["kind"])
    add("provider id", kinora["provider_id"])
    add("prompt", json["prompt"])
    for member in kinora["request"]?.members ?? [] where member.key != "inputs" {
      add(member.key.replacing("_", with: " "), member.value)
    }
    for input in kinora["request"]?["inputs"]?.array ?? [] {
      let bytes = input["bytes"]?.integer.map(Words.bytes) ?? "-"
      facts.append(("input", "\(input.cell("role"))  \(input.cell("mime"))  \(bytes)"))
    }
    for member in kinora["asked"]?.members ?? [] {
      facts.append(("asked for", "\(member.key) \(member.value.cell)"))
    }
    money(kinora["cost"] ?? .null, &facts)
    for name in ["created", "submitted", "ended", "deadline"] { add(name, kinora[name]) }
    facts.append(("took", Words.duration(job.seconds(now: Now.wall))))
    for member in kinora["transports"]?.members ?? [] { add(member.key, member.value) }
    for member in json["metadata"]?.members ?? [] {
      facts.append(("metadata", "\(member.key)=\(member.value.cell)"))
    }
    for item in job.artifacts {
      let bytes = item["bytes"]?.integer.map(Words.bytes) ?? "-"
      facts.append(
        (
          "file \(item.cell("index"))",
          "\(item.cell("mime"))  \(bytes)  \(item.cell("width"))x\(item.cell("height"))  "
            + "\(item.cell("duration_seconds")) s"
        ))
    }
    for line in actions(job) { facts.append(("do", invocation.suggestion(line))) }
    return facts
  }

  private func money(_ cost: JSON, _ facts: inout [(String, String)]) {
    for (name, key) in [
      ("quoted", "quoted_microusd"), ("reserved", "reserved_microusd"),
      ("settled", "settled_microusd"),
    ] {
      guard let amount = cost[key]?.integer else { continue }
      let basis = key == "quoted_microusd" ? cost["basis"]?.string.map { "  (\($0))" } ?? "" : ""
      let doubt = key == "settled_microusd" && cost["unconfirmed"]?.bool == true
      facts.append((name, MicroUSD(amount).dollars + basis + (doubt ? "  unconfirmed" : "")))
    }
  }

  private func actions(_ job: Job) -> [String] {
    // What to do with a held job stands in its error.
    if job.state == "held" { return [] }
    if job.isCompleted { return ["fetch \(job.id)"] }
    return job.isOver ? [] : ["watch \(job.id)", "cancel \(job.id)"]
  }
}
