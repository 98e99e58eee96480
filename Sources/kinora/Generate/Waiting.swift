import KinoraModel

/// What `generate`, `watch` and `fetch` have in common.
enum Waiting {
  /// Downloads every artifact of a completed job, or one; the paths.
  static func fetch(
    _ job: Job, _ invocation: Invocation, _ signals: Signals, _ display: JobDisplay,
    only: Int? = nil
  ) throws(Failure) -> [String] {
    let output = invocation.arguments.value("output")
    var files: [String] = []
    let all = 0..<max(1, job.artifacts.count)
    if let only, !all.contains(only) {
      throw Failure(exit: .notFound, what: "\(job.id) has \(all.count) files, counted from 0")
    }
    for index in all where only == nil || index == only {
      let path = Download.path(output, job, only == nil ? index : 0)
      let download = Download(
        client: invocation.client, signals: signals, job: job, index: index, path: path)
      do throws(Failure) {
        try download.run { display.download($0, $1) }
      } catch {
        display.clear()
        guard error.exit == .interrupted else { throw error }
        let target = output.map { " -o \(Shell.quoted($0))" } ?? ""
        throw Failure(
          exit: .interrupted, what: "interrupted; the job is done, the file is not whole",
          todo: ["go on from there: \(invocation.suggestion("fetch \(job.id)\(target)"))"])
      }
      display.clear()
      if invocation.arguments.has(Flag.sidecar.name) { try sidecar(job, index, beside: path) }
      files.append(path)
    }
    return files
  }

  /// What the file is and how it was made, beside it: the job, and which of its files this is.
  private static func sidecar(
    _ job: Job, _ index: Int, beside path: String
  ) throws(Failure) {
    let artifact = job.artifacts.indices.contains(index) ? job.artifacts[index] : .null
    let file: JSON = ["file": .string(path), "artifact": artifact, "job": job.json]
    guard !Files.exists(path + ".json") else {
      throw .usage("\(Shell.quoted(path + ".json")) is there already and was left as it is")
    }
    try Files.replace(path + ".json", file.text + "\n", mode: 0o644)
  }

  /// Ctrl-C: the job goes on, and how to come back to it.
  static func detached(_ ids: [String], _ invocation: Invocation) -> Failure {
    let names = ids.joined(separator: " ")
    return Failure(
      exit: .interrupted,
      what: ids.count == 1 ? "detached; the job goes on" : "detached; they go on",
      todo: [
        "come back: \(invocation.suggestion("watch \(names)"))",
        "stop it: \(invocation.suggestion("cancel \(names)"))",
      ])
  }

  /// `--timeout`.
  static func timedOut(_ ids: [String], _ invocation: Invocation) -> Failure {
    Failure(
      exit: .stillRunning, what: "not over yet; it goes on",
      todo: ["come back: \(invocation.suggestion("watch \(ids.joined(separator: " "))"))"])
  }
}
