import KinoraModel

extension Commands {
  /// `kinora batch`: a file of requests.
  static let batch = Command(
    name: "batch", summary: "make several videos from a file of requests", operands: "FILE",
    count: 1...1,
    examples: [
      (
        "kinora batch scenes.jsonl",
        "each line is a request: {\"prompt\": \"a boat\", \"seconds\": 5}"
      ),
      ("kinora batch scenes.jsonl --wait 600", "the report when all are over"),
    ],
    flags: [
      Flag("key", nil, .value("KEY"), "another key than the file's digest"),
      Flag("wait", nil, .value("SECONDS"), "wait for the ends, at most so long"),
      .json,
    ],
    notes: [
      "All are checked before any is made.",
      "The same file again is the same batch: it makes what is missing, and nothing twice.",
    ],
    run: { invocation throws(Failure) in
      let arguments = invocation.arguments
      let path = arguments.operands[0]
      let wait = try arguments.count("wait", 0...600) ?? 0
      guard let bytes = Files.read(path, most: Self.longest) else {
        throw .usage("cannot read \(Shell.quoted(path))")
      }
      let digest = Digest()
      bytes.withUnsafeBytes { digest.add($0) }
      var request = Request.post("/v1/batches", .json(["requests": .array(try requests(bytes))]))
      request.headers = [
        "Idempotency-Key: \(arguments.value("key") ?? digest.end().hexadecimal)"
      ]
      var report = try invocation.client.json(request)
      if wait > 0, let id = report["id"]?.string {
        var again = Request.get("/v1/batches/\(id.escaped)?wait=\(wait)")
        again.timeout = wait + 30
        report = try invocation.client.json(again)
      }
      if arguments.has("json") {
        Console.print(report.text)
      } else {
        tell(report)
      }
      let counts = report["counts"] ?? .null
      let bad = (counts["failed"]?.integer ?? 0) + (counts["not_made"]?.integer ?? 0)
      return bad > 0 ? .jobFailed : .done
    })

  /// Bytes of a file of requests: what the daemon takes as JSON.
  private static let longest = 1 << 20

  private static func requests(_ bytes: [UInt8]) throws(Failure) -> [JSON] {
    var requests: [JSON] = []
    for (at, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
      guard line.contains(where: { $0 > 0x20 }) else { continue }
      do throws(JSONSyntaxError) {
        requests.append(try JSON.parse(Array(line)))
      } catch {
        throw .usage("line \(at + 1) is no JSON: \(error.reason) at byte \(error.offset)")
      }
    }
    return requests
  }

  private static func tell(_ report: JSON) {
    var table = Table(["REQUEST", "ID", "STATUS", "WHY"])
    for row in report["requests"]?.array ?? [] {
      table.add([
        "\((row["index"]?.integer ?? 0) + 1)", row.cell("id"), row.cell("status"),
        row["error"]?["message"]?.string ?? "",
      ])
    }
    table.show()
    let counts = (report["counts"]?.members ?? []).map { "\($0.value.cell) \($0.key)" }
    Console.error("kinora: \(report.cell("id")): \(counts.joined(separator: ", "))")
  }
}
