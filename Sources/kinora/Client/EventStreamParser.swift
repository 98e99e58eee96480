/// One event of a stream.
struct StreamEvent: Equatable {
  var id: String?
  var type = "message"
  var data = ""
}

/// Server-sent events out of bytes, by the rules of
/// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
struct EventStreamParser {
  private var line: [UInt8] = []
  private var endedInReturn = false
  private var event = StreamEvent()
  private var hasData = false
  /// The id of the last event that had one; it belongs into `Last-Event-ID`.
  private(set) var lastID: String?

  /// Takes bytes and gives the events that they complete.
  mutating func feed(_ bytes: UnsafeRawBufferPointer) -> [StreamEvent] {
    var events: [StreamEvent] = []
    for byte in bytes {
      if byte == 0x0a, endedInReturn {
        endedInReturn = false
        continue
      }
      endedInReturn = byte == 0x0d
      if byte == 0x0a || byte == 0x0d {
        if let event = endLine() { events.append(event) }
      } else {
        line.append(byte)
      }
    }
    return events
  }

  /// Forgets an event that the end of a connection cut; the last id stays.
  mutating func reconnect() {
    let id = lastID
    self = EventStreamParser()
    lastID = id
  }

  private mutating func endLine() -> StreamEvent? {
    defer { line = [] }
    if line.isEmpty {
      defer {
        event = StreamEvent()
        hasData = false
      }
      guard hasData else { return nil }
      event.id = lastID
      return event
    }
    let parts = line.split(separator: 0x3a, maxSplits: 1, omittingEmptySubsequences: false)
    var value = parts.count == 2 ? parts[1] : []
    if value.first == 0x20 { value = value.dropFirst() }
    let text = String(decoding: value, as: UTF8.self)
    switch String(decoding: parts[0], as: UTF8.self) {
    case "id": if !value.contains(0) { lastID = text }
    case "event": event.type = text
    case "data":
      event.data += hasData ? "\n" + text : text
      hasData = true
    default: break
    }
    return nil
  }
}
