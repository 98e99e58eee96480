import Glibc
import KinoraModel

extension Commands {
  /// `kinora fetch`: the files of a job that is done.
  static let fetch = Command(
    name: "fetch", summary: "download a job's result", operands: "ID", count: 1...1,
    examples: [
      ("kinora fetch video_4f… -o boat.mp4", "checked, and only there when it is whole"),
      ("kinora fetch video_4f… --index 1", "the second of several"),
    ],
    flags: [
      Flag("output", "o", .value("FILE"), "where it goes (ID.mp4); a folder will do"),
      Flag("index", nil, .value("N"), "which one, from 0; all when not given"),
      .sidecar,
      Flag("json", nil, .on, "print {\"id\",\"files\"}"),
    ],
    notes: ["A download that was cut goes on where it ended."],
    run: { invocation throws(Failure) in
      let arguments = invocation.arguments
      try Download.check(arguments.value("output"))
      let index = try arguments.count("index", 0...1000)
      let id = arguments.operands[0]
      let job = Job(json: try invocation.client.json(.get("/v1/videos/\(id.escaped)")))
      if !job.isOver {
        throw Failure(
          exit: .stillRunning, what: "\(id) is not done: \(job.state)",
          todo: ["wait for it: \(invocation.suggestion("watch \(id)"))"])
      }
      guard job.isCompleted else { throw job.failure(invocation) }
      let display = JobDisplay(isOne: true)
      let files = try Waiting.fetch(
        job, invocation, try Signals([SIGINT, SIGTERM]), display, only: index)
      if arguments.has("json") {
        let list = JSON.array(files.map { .string($0) })
        Console.print(JSON.object([JSONMember("id", .string(id)), JSONMember("files", list)]).text)
      } else {
        for file in files { Console.print(file) }
      }
      return .done
    })
}
