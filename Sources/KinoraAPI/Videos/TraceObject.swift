import KinoraCore
import KinoraHTTP
import KinoraModel

/// A job's way step by step, with times: made of its events and of what is known about its paid
/// requests, so it says the same after a restart.
///
/// A span begins with the event that its step begins with and ends with the next step's. `accept` is
/// one moment: the record that is written then holds the request as it was read, checked, resolved
/// and priced.
struct TraceObject {
  let record: JobRecord
  let events: [JobEvent]
  let evidence: [EvidenceRow]

  /// One step.
  struct Span {
    var name: String
    var attempt: Int
    var began: Milliseconds
    /// Nil while it goes on.
    var ended: Milliseconds?
  }

  var json: JSON {
    let spans = spans
    return [
      "object": "trace", "id": .string(record.id.rawValue), "status": .string(record.state.outward),
      "began": time(record.createdAt), "ended": time(record.endedAt),
      "milliseconds": JSON(record.endedAt.map { $0 - record.createdAt }),
      // Old events are let go of before their jobs are.
      "complete": .bool(events.first.map { $0.number == 1 } ?? false),
      "spans": .array(spans.enumerated().map { json($1, isFirst: $0 == 0) }),
    ]
  }

  private func json(_ span: Span, isFirst: Bool) -> JSON {
    let json: JSON = [
      "name": .string(span.name), "attempt": .integer(Int64(span.attempt)),
      "began": time(span.began), "ended": time(span.ended),
      "milliseconds": JSON(span.ended.map { $0 - span.began }),
    ]
    return json.setting("facts", isFirst ? accepted : facts(span))
  }

  /// In the order of time; steps of one name that follow each other are one.
  var spans: [Span] {
    var spans = [Span(name: "accept", attempt: 1, began: record.createdAt, ended: record.createdAt)]
    for event in events {
      let data = try? JSON.parse(event.data)
      guard let word = data?["state"]?.string, let state = JobState(rawValue: word) else {
        continue
      }
      let attempt = Int(data?["attempt"]?.integer ?? 1)
      let name = Self.name(state)
      if let last = spans.last, last.name == name, last.attempt == attempt, last.ended == nil {
        continue
      }
      if spans.count > 1, spans[spans.count - 1].ended == nil {
        spans[spans.count - 1].ended = event.at
      }
      // What is over has no step of its own, save the moment of its end.
      guard !state.isTerminal else {
        if spans.last?.name != name {
          spans.append(Span(name: name, attempt: attempt, began: event.at, ended: event.at))
        }
        continue
      }
      spans.append(Span(name: name, attempt: attempt, began: event.at))
    }
    return spans
  }

  private static func name(_ state: JobState) -> String {
    switch state {
    case .draft: "draft"
    case .queued: "queue"
    case .submitting: "submit"
    case .submitUnknown: "look_up"
    case .submitted, .running: "render"
    case .ready, .fetching: "store"
    case .held: "review"
    case .completed, .failed, .cancelled, .expired: state.rawValue
    }
  }

  /// What was decided when it was accepted.
  private var accepted: JSON {
    [
      "door": .string(record.door), "kind": .string(record.kind.rawValue),
      "model": .string("\(record.provider)/\(record.model)"), "route": JSON(record.route),
      "quoted_microusd": .integer(record.quote.amount.rawValue),
    ]
  }

  private func facts(_ span: Span) -> JSON {
    switch span.name {
    case "submit":
      let rows = evidence.filter { row in
        row.attempt == span.attempt && row.at >= span.began && row.at <= span.ended ?? .max
      }
      return [
        "requests": .array(
          rows.map { row in
            [
              "ordinal": .integer(Int64(row.ordinal)), "kind": .string(row.kind),
              "at": time(row.at), "detail": row.detail,
            ]
          })
      ]
    case "render":
      return ["transport": JSON(record.transports["poll"]), "handle": JSON(record.handle)]
    case "store": return ["transport": JSON(record.transports["fetch"])]
    case "completed":
      return [
        "settled_microusd": JSON(record.settled?.rawValue),
        "artifacts": .array(record.artifacts.map { .string($0.sha256) }),
      ]
    default: return [:]
    }
  }

  private func time(_ at: Milliseconds?) -> JSON { JSON(at.map(UTC.timestamp)) }
}

extension APIService {
  /// `GET /v1/videos/ID/trace`.
  func videoTrace(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      _ = try call.query([])
      let record = try await service.job(call.job, call.viewer)
      let trace = TraceObject(
        record: record, events: try await service.history(call.job, call.viewer),
        evidence: try await service.evidence(call.job, call.viewer))
      return Answer.json(trace.json)
    }
  }
}
