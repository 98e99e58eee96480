public import KinoraModel

/// Where the daemon says what it does. Only the daemon and its programs have one: library code
/// throws and never logs.
public struct Log: Sendable {
  /// A field of an entry: a `lower_case` name, known at compile time, and its value.
  public typealias Field = (name: StaticString, value: String)

  /// Entries below this are dropped.
  public let minimum: LogLevel
  private let clock: any KinoraModel.Clock
  private let write: @Sendable (LogEntry) -> Void

  /// Writes entries of at least `minimum` to `write`.
  public init(
    minimum: LogLevel = .info, clock: any KinoraModel.Clock = SystemClock(),
    write: @escaping @Sendable (LogEntry) -> Void
  ) {
    self.minimum = minimum
    self.clock = clock
    self.write = write
  }

  /// One entry. `event` is a constant: entries are searched by it.
  public func callAsFunction(
    _ level: LogLevel, _ event: StaticString, _ message: @autoclosure () -> String,
    _ fields: Field...
  ) {
    if level > minimum { return }
    write(
      LogEntry(
        at: clock.now(), level: level, event: "\(event)", message: message(),
        fields: fields.map { ("\($0.name)", $0.value) }))
  }

  /// What failed, with the error's code and field as fields of the entry.
  public func callAsFunction(
    _ level: LogLevel, _ event: StaticString, _ error: KinoraError, _ fields: Field...
  ) {
    if level > minimum { return }
    var all = fields.map { (name: "\($0.name)", value: $0.value) }
    all.append(("code", error.code.rawValue))
    if let field = error.field { all.append(("field", field)) }
    write(
      LogEntry(
        at: clock.now(), level: level, event: "\(event)", message: error.message, fields: all))
  }

  /// The same log with another threshold.
  public func with(minimum: LogLevel) -> Log { Log(minimum: minimum, clock: clock, write: write) }
}
