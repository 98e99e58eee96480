import KinoraModel

extension Commands {
  /// `kinora cancel`: every one of several is tried; the exit code is that of the last refusal.
  static let cancel = Command(
    name: "cancel", summary: "stop jobs", operands: "ID…", count: 1...100,
    examples: [
      ("kinora cancel video_4f…", "before it is sent it costs nothing"),
      ("kinora cancel video_4f… video_5a…", "several"),
    ],
    flags: [Flag("json", nil, .on, "print each job as a line of JSON")],
    notes: [
      "A job that was handed to the provider may still be charged: few providers can stop one."
    ],
    run: { invocation throws(Failure) in
      var worst = Exit.done
      for id in invocation.arguments.operands {
        do throws(Failure) {
          let json = try invocation.client.json(.post("/v1/videos/\(id.escaped)/cancel"))
          let job = Job(json: json)
          Console.print(invocation.arguments.has("json") ? json.text : "\(job.id) \(job.state)")
          if !job.isOver { Console.error("kinora: \(job.id) is asked to stop") }
        } catch {
          if error.exit == .unreachable || error.exit == .notAllowed { throw error }
          Console.error(error.text)
          worst = error.code == "wrong_state" ? .jobFailed : error.exit
        }
      }
      return worst
    })
}
