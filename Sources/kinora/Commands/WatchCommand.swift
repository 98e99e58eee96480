import Glibc
import KinoraModel

extension Commands {
  /// `kinora watch`: the follower for jobs that are there already.
  static let watch = Command(
    name: "watch", summary: "follow jobs to their end", operands: "ID…", count: 1...100,
    examples: [
      ("kinora watch video_4f…", "wait for it; the exit code tells how it ended"),
      ("kinora watch video_4f… video_5a… --timeout 600", "several, for at most ten minutes"),
    ],
    flags: [
      Flag("timeout", nil, .value("SECONDS"), "stop waiting after this; the jobs go on"),
      Flag("json", nil, .on, "print each job as a line of JSON when it ends"),
    ],
    notes: [
      "Prints a line with id and state for each job that ends. Ctrl-C stops the waiting only."
    ],
    run: { invocation throws(Failure) in
      var ids: [String] = []
      for id in invocation.arguments.operands where !ids.contains(id) { ids.append(id) }
      let deadline = try invocation.arguments.seconds("timeout")
        .map { Now.steady + Milliseconds($0 * 1000) }
      let signals = try Signals([SIGINT, SIGTERM])
      let display = JobDisplay(isOne: ids.count == 1)
      var failures: [Failure] = []
      var open = ids
      let isOver: Bool
      do throws(Failure) {
        isOver = try Follower(invocation.client, signals, display, isKnown: false)
          .follow(ids, until: deadline) { (job) throws(Failure) in
            display.clear()
            open.removeAll { $0 == job.id }
            let isJSON = invocation.arguments.has("json")
            Console.print(isJSON ? job.json.text : "\(job.id) \(job.state)")
            if !job.isCompleted { failures.append(job.failure(invocation)) }
          }
      } catch {
        display.clear()
        guard error.exit == .interrupted else { throw error }
        throw Waiting.detached(open, invocation)
      }
      display.clear()
      for failure in failures { Console.error(failure.text) }
      if !isOver { throw Waiting.timedOut(open, invocation) }
      if failures.contains(where: { $0.exit == .held }) { return .held }
      return failures.isEmpty ? .done : .jobFailed
    })
}
