import KinoraModel

extension Commands {
  /// `kinora jobs resolve`: only a person can know what became of a held job.
  static let jobsResolve = Command(
    name: "jobs resolve", summary: "decide about a held job", operands: "ID", count: 1...1,
    examples: [
      ("kinora jobs resolve video_4f… --adopt gen_123", "the provider has it under this id"),
      ("kinora jobs resolve video_4f… --not-charged", "it was not taken: send it again"),
      ("kinora jobs resolve video_4f… --give-up", "book it as spent and let it go"),
    ],
    flags: [
      Flag("adopt", nil, .value("PROVIDER_ID"), "follow the provider's job to its end"),
      Flag("not-charged", nil, .on, "back into the queue; the reservation is kept"),
      Flag("give-up", nil, .on, "failed; the reservation is booked as spent, unconfirmed"),
      Flag("json", nil, .on, "print the job as JSON"),
    ],
    notes: ["Look into the provider's own list of jobs first; kinora show ID tells what is known."],
    run: { invocation throws(Failure) in
      let arguments = invocation.arguments
      let chosen = ["adopt", "not-charged", "give-up"].filter(arguments.has)
      guard chosen.count == 1, let action = chosen.first else {
        throw .usage(
          chosen.isEmpty ? "what is to be done with it?" : "only one of them can be true",
          "one of: --adopt PROVIDER_ID, --not-charged, --give-up")
      }
      var body = [JSONMember("action", .string(action.replacing("-", with: "_")))]
      if let provider = arguments.value("adopt") {
        body.append(JSONMember("provider_id", .string(provider)))
      }
      let id = arguments.operands[0]
      return try Read.run(
        invocation, .post("/v1/videos/\(id.escaped)/resolve", .json(.object(body)))
      ) { json in
        let job = Job(json: json)
        Console.print("\(job.id) \(job.state)")
        if !job.isOver {
          Console.error("kinora: follow it: \(invocation.suggestion("watch \(job.id)"))")
        }
      }
    })
}
