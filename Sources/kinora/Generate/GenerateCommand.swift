import Glibc
import KinoraModel

extension Commands {
  static let generate = Command(
    name: "generate", summary: "make a video", operands: "PROMPT", count: 0...1,
    examples: [
      (
        "kinora generate \"a paper boat on a pond\" -m sample/clip -d 5 -o boat.mp4",
        "make it, follow it, and put it there"
      ),
      (
        "kinora generate \"it sails off\" --image boat.png --max-cost 5 --detach",
        "from a first frame, for at most $5; prints the job's id at once"
      ),
    ],
    flags: GenerationFlags.all + [
      Flag("output", "o", .value("FILE"), "where it goes (ID.mp4); a folder will do"),
      .sidecar,
      Flag("yes", "y", .on, "do not ask about the cost"),
      Flag("confirm-above", nil, .value("USD"), "ask when it costs more than this (1.00)"),
      Flag("detach", nil, .on, "print the id and do not wait"),
      Flag("timeout", nil, .value("SECONDS"), "stop waiting after this; the job goes on"),
      Flag("idempotency-key", nil, .value("KEY"), "a repeat with the same key is the same job"),
      Flag("json", nil, .on, "print the job as JSON instead of the file's name"),
    ],
    notes: [
      "Ctrl-C stops the waiting, not the job. Without -m the daemon's default model is used.",
      GenerationFlags.note,
    ],
    run: { invocation throws(Failure) in try Generation(invocation).run() })
}

/// One run of `kinora generate`.
private struct Generation {
  let invocation: Invocation
  let client: Client
  let fields: GenerationFields
  let timeout: Milliseconds?
  let display: JobDisplay

  var arguments: Arguments { invocation.arguments }

  init(_ invocation: Invocation) throws(Failure) {
    self.invocation = invocation
    client = invocation.client
    fields = try GenerationFields(invocation.arguments)
    timeout = try invocation.arguments.seconds("timeout").map { Milliseconds($0 * 1000) }
    display = JobDisplay(isOne: true)
    if !invocation.arguments.has("detach") {
      try Download.check(invocation.arguments.value("output"), isNew: true)
    }
  }

  func run() throws(Failure) -> Exit {
    let key = try key()
    let signals = try Signals([SIGINT, SIGTERM])
    let quote = Quote(json: try client.json(.post("/v1/quote", fields.body), signals: signals))
    for warning in quote.warnings { Console.error("kinora: \(Words.line(warning))") }
    try quote.confirm(arguments, signals)
    let job: Job
    do throws(Failure) {
      job = try Submission(
        client: client, signals: signals, display: display, fields: fields, key: key
      ).run()
    } catch {
      guard error.exit == .interrupted else { throw error }
      throw Failure(
        exit: .interrupted, what: "interrupted while the job was handed over; it may be there",
        todo: [
          "look: \(invocation.suggestion("jobs"))",
          "the same request again, never paid twice: --idempotency-key \(key)",
        ])
    }
    if arguments.has("detach") {
      if arguments.has("json") { Console.print(job.json.text) } else { Console.print(job.id) }
      return .done
    }
    Console.error("\(job.id)  \(job.model)  \(quote.sentence)")
    do throws(Failure) {
      return try wait(job, signals)
    } catch {
      display.clear()
      if error.what == Failure.interrupted.what {
        throw Waiting.detached([job.id], invocation)
      }
      guard error.exit == .unreachable else { throw error }
      var failure = error
      failure.todo.append("the job is safe; come back: \(invocation.suggestion("watch \(job.id)"))")
      throw failure
    }
  }

  /// The key under which every try of this request goes.
  private func key() throws(Failure) -> String {
    guard let key = arguments.value("idempotency-key") else {
      return "kinora-\(randomToken(bytes: 16))"
    }
    guard (1...Limits.idempotencyKeyLength).contains(key.count),
      key.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else {
      throw .usage(
        "--idempotency-key takes 1 to \(Limits.idempotencyKeyLength) visible ASCII characters")
    }
    return key
  }

  private func wait(_ job: Job, _ signals: Signals) throws(Failure) -> Exit {
    var last = job
    let deadline = timeout.map { Now.steady + $0 }
    let isOver = try Follower(client, signals, display, isKnown: true)
      .follow([job.id], until: deadline) { last = $0 }
    display.clear()
    guard isOver else { throw Waiting.timedOut([job.id], invocation) }
    guard last.isCompleted else {
      if arguments.has("json") { Console.print(last.json.text) }
      throw last.failure(invocation)
    }
    let files = try Waiting.fetch(last, invocation, signals, display)
    if arguments.has("json") {
      Console.print(last.json.setting("files", .array(files.map { .string($0) })).text)
    } else {
      for file in files { Console.print(file) }
    }
    return .done
  }
}
