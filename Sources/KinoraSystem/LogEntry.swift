public import KinoraModel

/// Weight of a log entry: syslog's numbers.
public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  /// The daemon cannot go on.
  case critical = 2
  /// Something failed that a person must look at.
  case error = 3
  /// Something is not as it should be; the daemon copes.
  case warning = 4
  /// Normal and worth keeping: started, reloaded, a job's end.
  case notice = 5
  /// One line for each thing that happens.
  case info = 6
  /// For whoever mends the daemon.
  case debug = 7

  /// More severe is smaller, as in syslog.
  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }

  /// `warning`.
  public var word: String { "\(self)" }

  /// A level by its word; nil for another word.
  public init?(word: String) {
    guard let level = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = level
  }
}

/// One log entry: a constant event name to search for, a sentence for people, and fields.
///
/// Fields are named by the code and never by a request; secrets have no way in, because `Secret`
/// prints as `***`.
public struct LogEntry: Sendable, Equatable {
  /// When, in milliseconds since 1970.
  public var at: Milliseconds
  /// How heavy.
  public var level: LogLevel
  /// The event's constant name, such as `job.completed`.
  public var event: String
  /// One sentence.
  public var message: String
  /// `lower_case` names to values, in the order given.
  public var fields: [(name: String, value: String)]

  /// An entry.
  public init(
    at: Milliseconds, level: LogLevel, event: String, message: String,
    fields: [(name: String, value: String)]
  ) {
    self.at = at
    self.level = level
    self.event = event
    self.message = message
    self.fields = fields
  }

  public static func == (a: LogEntry, b: LogEntry) -> Bool {
    a.at == b.at && a.level == b.level && a.event == b.event && a.message == b.message
      && a.fields.elementsEqual(b.fields, by: ==)
  }
}

extension LogEntry {
  /// One line of JSON with its line end: a line end inside a value cannot forge an entry.
  public var json: [UInt8] {
    var members: [JSONMember] = [
      .init("at", .string(UTC.timestamp(at))), .init("level", .string(level.word)),
      .init("event", .string(event)), .init("message", .string(message)),
    ]
    for field in fields { members.append(.init(field.name, .string(field.value))) }
    return JSON.object(members).bytes + [UInt8(ascii: "\n")]
  }

  /// One line for a terminal: `08:15:30.250 warning  job.held  The sentence.  job=video_1`.
  public var human: [UInt8] {
    Array("\(UTC.timestamp(at).dropFirst(11).dropLast()) \(level.word)\t\(plain)\n".utf8)
  }

  /// One line for a stderr that systemd reads, with the level in front as sd-daemon(3) has it.
  public var prefixed: [UInt8] { Array("<\(level.rawValue)>\(plain)\n".utf8) }

  /// Fields of the journal's native protocol, `NAME=value`; ours are `KINORA_…`.
  public func journalFields(identifier: String) -> [[UInt8]] {
    var lines = [
      "MESSAGE=\(message)", "PRIORITY=\(level.rawValue)", "SYSLOG_IDENTIFIER=\(identifier)",
      "KINORA_EVENT=\(event)",
    ]
    for field in fields { lines.append("KINORA_\(field.name.uppercased())=\(field.value)") }
    return lines.map { Array($0.utf8) }
  }

  // Control characters become spaces: a terminal must not obey what a provider said.
  private var plain: String {
    var text = "\(event): \(message)"
    for field in fields { text += " \(field.name)=\(field.value)" }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 32 || (127...159).contains($0.value) ? " " : $0 }))
  }
}
