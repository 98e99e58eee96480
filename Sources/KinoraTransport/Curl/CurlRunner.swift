import Glibc
import KinoraLoop
import KinoraModel

/// Runs curl for one or several transfers.
///
/// The argument list is always the same and the environment is empty: everything else goes through
/// inherited descriptors, so `/proc` shows nothing of a request to anybody.
struct CurlRunner: Sendable {
  /// Transfers that one process may carry: four descriptors each and one for the configuration.
  static let mostTransfers = 15
  /// Milliseconds after its own limit at which a process that still runs is killed.
  static let grace: Int64 = 15_000

  let program: CurlProgram
  let loop: EventLoop
  let scratch: String

  /// Everything that can be made ready before a permit is asked for.
  struct Prepared: Sendable {
    let tasks: [CurlTask]
    fileprivate let config: ConfigFile
  }

  func prepare(_ requests: [PreparedRequest]) async throws(KinoraError) -> Prepared {
    try await program.check()
    var tasks: [CurlTask] = []
    for request in requests { tasks.append(try CurlTask(request, scratch: scratch, loop: loop)) }
    var next = 4
    var sections: [(PreparedRequest, CurlConfig.Descriptors)] = []
    for task in tasks {
      sections.append((task.request, task.descriptors(from: next)))
      next += task.kept.count
    }
    return Prepared(tasks: tasks, config: try ConfigFile(try CurlConfig.text(sections)))
  }

  /// Starts the process. Throws `unavailable`; then nothing has run.
  ///
  /// `whenOver` is told each transfer's number and result as soon as it has one, on the loop's thread:
  /// one that hangs does not keep the answers of its company.
  func spawn(
    _ prepared: Prepared, whenOver: (@Sendable (Int, WireResult) -> Void)? = nil
  ) throws(KinoraError) -> ChildProcess {
    let tasks = prepared.tasks
    let lines = CurlReport.Lines()
    let onError = whenOver.map { tell in
      { @Sendable (bytes: UnsafeRawBufferPointer) in
        for (number, report) in lines.take(bytes) where tasks.indices.contains(number) {
          tell(number, tasks[number].finish(report, status: report.exit))
        }
      }
    }
    defer { for task in tasks { task.closeChildEnds() } }
    do {
      let child = try ChildProcess.spawn(
        on: loop, executable: program.path, arguments: ["-q", "--config", "/dev/fd/3"],
        keeping: [prepared.config.descriptor] + tasks.flatMap(\.kept), onOutput: nil,
        onError: onError, errorCap: 16_384)
      loop.post { for task in tasks { task.start() } }
      return child
    } catch {
      throw KinoraError(.unavailable, "curl cannot be started: \(error)")
    }
  }

  /// Waits for the end; one result for each transfer, in order.
  func finish(_ prepared: Prepared, _ child: ChildProcess) async -> [WireResult] {
    let limit = (prepared.tasks.map(\.request.timeout).max() ?? 0) + Self.grace
    let watchdog = Task {
      try await Task.sleep(for: .milliseconds(limit))
      child.kill(SIGKILL)
    }
    let exit = await child.exit
    watchdog.cancel()
    let tasks = prepared.tasks
    return await loop.perform {
      let reports = CurlReport.all(in: exit.errorOutput)
      return tasks.enumerated().map { $1.finish(reports[$0], status: exit.status) }
    }
  }
}

/// The configuration in memory, closed with the last one who needs it.
private final class ConfigFile: Sendable {
  let descriptor: Int32
  init(_ text: [UInt8]) throws(KinoraError) {
    descriptor = try BodyRenderer.memory(text, name: "kinora-curl")
  }
  deinit { close(descriptor) }
}
