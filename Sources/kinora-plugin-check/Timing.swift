import CSys
import Glibc
import KinoraModel
import KinoraPluginHost

/// What a step costs the host, by the very way that the daemon takes: registry, stepping journal,
/// event lent, step, answer taken over.
enum Timing {
  /// Steps between two looks at the clock.
  private static let block = 100
  /// Milliseconds that each event is stepped for.
  private static let budget: Int64 = 200

  /// One line of JSON for each event of the transcripts: `{"event":"FILE:LINE","kind","us"}`, `us`
  /// the median of many blocks of steps. Throws for a plugin that is not loaded, for transcripts that
  /// cannot be read and for a step that breaks the contract.
  static func lines(_ subject: Subject) throws(KinoraError) -> String {
    guard let transcripts = subject.transcripts else {
      throw KinoraError(.configuration, "--time needs --transcripts DIR: the events to step")
    }
    let path = "/tmp/kinora-plugin-check.\(getpid())"
    defer {
      unlink(path)
      unlink(path + ".faulted")
    }
    let folder = subject.file.path.split(separator: "/").dropLast().joined(separator: "/")
    let registry = try PluginRegistry(
      PluginRegistry.Options(folders: ["/" + folder], stepping: path), clock: CheckClock())
    let name = subject.file.name
    guard let plugin = registry.plugin(name) else {
      throw KinoraError(
        .configuration, registry.list().first { $0.name == name }?.detail ?? "it is not there")
    }
    var text = ""
    for file in try TranscriptFolder(transcripts).files {
      for (line, event) in zip(file.transcript.lines, try file.transcript.events(plugin)) {
        let time = try median(registry, name, event)
        let json: JSON = [
          "event": .string("\(file.path):\(line.number)"),
          "kind": line.event["kind"] ?? .null, "us": JSON(time),
        ]
        text += json.text + "\n"
      }
    }
    return text
  }

  private static func median(
    _ registry: PluginRegistry, _ name: String, _ event: PluginEvent
  ) throws(KinoraError) -> Double {
    var times: [Double] = []
    let end = kn_microseconds(CLOCK_MONOTONIC) + budget * 1000
    repeat {
      let start = kn_microseconds(CLOCK_MONOTONIC)
      for _ in 0..<block { _ = try registry.step(plugin: name, event: event) }
      times.append(Double(kn_microseconds(CLOCK_MONOTONIC) - start) / Double(block))
    } while kn_microseconds(CLOCK_MONOTONIC) < end
    times.sort()
    return times[times.count / 2]
  }
}

/// The machine's clock, as the registry wants it.
private struct CheckClock: Clock {
  func now() -> Milliseconds { kn_microseconds(CLOCK_REALTIME) / 1000 }
  func steady() -> Milliseconds { kn_microseconds(CLOCK_BOOTTIME) / 1000 }
  func sleep(untilSteady: Milliseconds) async {}
}
