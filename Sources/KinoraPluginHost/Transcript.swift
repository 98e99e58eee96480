public import KinoraModel

/// A conversation with a plugin, written down: JSON lines of events and the steps that must follow.
///
/// ```json
/// {"event":{"kind":"begin","job":{…},"config":{"base_url":"https://…"}},"step":{"verdict":"send",…}}
/// {"event":{"kind":"response","response":{"status":201,"body":{"id":"v1"}}},"step":{…}}
/// ```
/// One file is one job's life. What an event leaves out (`job`, `config`, `seed`, `attempt`,
/// `ordinal`, `phase`, `now_ms`, `state`) is as in the line before; `state` is what the last step
/// saved. Lines that are empty or begin with `#` are for people. Plugins/README.md lists all members.
public struct Transcript: Sendable {
  /// One exchange.
  public struct Line: Sendable {
    /// Its number in the file, from 1.
    public var number: Int
    /// The event as written.
    public var event: JSON
    /// The step as written; nil when it is to be filled in.
    public var step: JSON?
  }
  /// A line where plugin and transcript differ.
  public struct Difference: Sendable {
    /// The line.
    public var number: Int
    /// What the transcript says.
    public var expected: String
    /// What the plugin did.
    public var actual: String
  }

  /// The exchanges.
  public let lines: [Line]
  // Every line of the file, so that comments survive rewriting.
  private let source: [String]

  /// Reads a transcript. Throws `malformedBody` with the line's number.
  public init(_ text: String) throws(KinoraError) {
    source = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var lines: [Line] = []
    for (i, line) in source.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
      do throws(JSONSyntaxError) {
        let json = try JSON.parse(Array(line.utf8))
        lines.append(Line(number: i + 1, event: json["event"] ?? .object([]), step: json["step"]))
      } catch {
        throw KinoraError(
          .malformedBody, "line \(i + 1) is not JSON: \(error.reason) at byte \(error.offset)")
      }
    }
    self.lines = lines
  }

  /// Plays the events to a plugin and says where it did something else. A step that breaks the
  /// contract is written `{"fault":"…"}`. Throws `malformedBody` for an event that cannot be read.
  public func replay(_ plugin: LoadedPlugin) throws(KinoraError) -> [Difference] {
    var differences: [Difference] = []
    for (line, actual) in zip(lines, try steps(plugin)) {
      let expected = line.step?.canonical.text ?? "nothing yet"
      let found = actual.canonical.text
      if expected != found {
        differences.append(Difference(number: line.number, expected: expected, actual: found))
      }
    }
    return differences
  }

  /// The text of the transcript with the steps that the plugin takes today.
  public func rewritten(_ plugin: LoadedPlugin) throws(KinoraError) -> String {
    var text = source
    for (line, step) in zip(lines, try steps(plugin)) {
      text[line.number - 1] =
        JSON.object([
          JSONMember("event", line.event), JSONMember("step", step),
        ]).text
    }
    return text.joined(separator: "\n")
  }

  private func steps(_ plugin: LoadedPlugin) throws(KinoraError) -> [JSON] {
    var reader = TranscriptReader()
    var steps: [JSON] = []
    for line in lines {
      let event = try reader.event(line)
      do throws(KinoraError) {
        let step = try plugin.step(event)
        reader.saved(step)
        steps.append(step.json)
      } catch {
        steps.append(["fault": .string(error.message)])
      }
    }
    return steps
  }

  /// The events of the transcript as the plugin would see them, with the states it saves today.
  public func events(_ plugin: LoadedPlugin) throws(KinoraError) -> [PluginEvent] {
    var reader = TranscriptReader()
    var events: [PluginEvent] = []
    for line in lines {
      let event = try reader.event(line)
      events.append(event)
      if let step = try? plugin.step(event) { reader.saved(step) }
    }
    return events
  }
}
