import KinoraModel

extension Commands {
  /// `kinora trace`: where a job's time went.
  static let trace = Command(
    name: "trace", summary: "a job's way step by step, with times", operands: "ID", count: 1...1,
    examples: [
      ("kinora trace video_4f…", "each step, when it began and how long it took"),
      ("kinora trace video_4f… --json", "with what is known of its paid requests"),
    ],
    flags: [.json],
    run: { invocation throws(Failure) in
      let id = invocation.arguments.operands[0].escaped
      return try Read.run(invocation, .get("/v1/videos/\(id)/trace")) { json throws(Failure) in
        var table = Table(["STEP", "ATTEMPT", "BEGAN", "TOOK"])
        for span in json["spans"]?.array ?? [] {
          let took = span["milliseconds"]?.integer.map { "\($0) ms" } ?? "goes on"
          table.add([span.cell("name"), span.cell("attempt"), span.cell("began"), took])
        }
        table.show()
        if json["complete"]?.bool == false {
          Console.error("kinora: older events of it are not kept any more")
        }
      }
    })
}
