import KinoraHTTP
import KinoraModel

/// How the events of a run are put on the wire.
struct RunFraming: Sendable {
  enum Kind: Sendable {
    /// `data: JSON` and an empty line. Never `[DONE]`.
    case events
    /// One JSON text a line.
    case lines
    /// One JSON object at the end: the direct mode.
    case object
  }

  var kind: Kind
  /// Each event says its offset. Only where the client named its run in `X-Run-Id` or asked for an
  /// offset: other readers of its library warn about lines that they do not know.
  var tellsOffsets: Bool

  /// What a client accepts. Its own functions name nothing, which arrives as `*/*`.
  static func kind(_ fields: HTTPFields) -> Kind {
    let accept = fields["accept"]?.lowercased() ?? ""
    if accept.contains("text/event-stream") { return .events }
    if accept.contains("application/x-ndjson") || accept.contains("application/ndjson") {
      return .lines
    }
    return accept.contains("application/json") ? .object : .events
  }

  func bytes(_ event: JSON, _ offset: RunOffset) -> [UInt8] {
    switch kind {
    case .events:
      let id = tellsOffsets ? "id: \(offset.text)\n" : ""
      return Array("\(id)data: \(event.text)\n\n".utf8)
    case .lines, .object:
      let line: JSON = tellsOffsets ? ["id": .string(offset.text), "chunk": event] : event
      return Array("\(line.text)\n".utf8)
    }
  }

  /// The head of the answer.
  func response(_ body: HTTPBody, job: JobID?) -> HTTPResponse {
    var fields: HTTPFields = [
      "Content-Type": kind == .events ? "text/event-stream" : "application/x-ndjson",
      "Cache-Control": "no-cache", "X-Accel-Buffering": "no",
    ]
    if let job { fields.append("x-kinora-job", job.rawValue) }
    return HTTPResponse(status: 200, fields: fields, body: body)
  }
}
