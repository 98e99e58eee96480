import KinoraModel

/// Server-sent events as bytes (https://html.spec.whatwg.org/multipage/server-sent-events.html).
struct EventBlock {
  /// Milliseconds that a browser waits before it connects again.
  private static let retry = "retry: 2000\n"

  private(set) var bytes: [UInt8] = []
  /// The reconnection time stands in the first real block: some clients turn a block of nothing else
  /// into an empty event.
  private var saysRetry: Bool

  /// - Parameter saysRetry: the first event of its stream is among these
  init(saysRetry: Bool) { self.saysRetry = saysRetry }

  /// Adds an event of the log.
  mutating func add(_ event: JobEvent) { add(id: event.seq, type: event.type, data: event.data) }

  /// Adds any event. `data` is JSON without line ends.
  mutating func add(id: Int64, type: String, data: [UInt8]) {
    if saysRetry { bytes += Self.retry.utf8 }
    saysRetry = false
    bytes += "id: \(id)\nevent: \(type)\ndata: ".utf8
    bytes += data
    bytes += "\n\n".utf8
  }
}
