import KinoraCore
import KinoraHTTP
import KinoraModel

/// Tells one client a run: from where it is to the terminal event, then the body ends, which is what
/// its client waits for.
struct RunWriter: Sendable {
  let api: APIService
  let events: RunEvents
  let framing: RunFraming
  let call: Call
  let job: JobID
  /// The last that the client has.
  let last: RunOffset
  /// When it gives up waiting, by the steady clock.
  let end: Milliseconds

  /// Its own server asks every two seconds and tells what it heard; ours hears of every change and
  /// still speaks as often.
  private static let interval: Milliseconds = 1900

  /// True when the terminal event was written.
  func run(_ stream: any HTTPStream) async -> Bool {
    do throws(HTTPGone) {
      return try await tell(stream)
    } catch {
      return false
    }
  }

  private func tell(_ stream: any HTTPStream) async throws(HTTPGone) -> Bool {
    func write(_ event: JSON, _ offset: RunOffset) async throws(HTTPGone) {
      try await stream.write(framing.bytes(event, offset))
    }
    let now = api.clock.now()
    if last == .end { return true }
    if last == .beginning { try await write(events.started(at: now), .started) }
    if last == .beginning || last == .started {
      try await write(events.created(job, at: now), .created)
    }
    let ended: JobRecord?
    do throws(KinoraError) {
      ended = try await follow(stream)
    } catch {
      // A client with offsets comes back by itself when the body ends early.
      if error.code == .draining, framing.tellsOffsets { return false }
      let message = TanStackDoor.message(error)
      try await write(
        events.failed(message, code: error.code.rawValue, at: api.clock.now()), .end)
      return true
    }
    guard let ended else { return false }
    guard ended.state.isOutwardlyOver else {
      let late = TanStackDoor.late(job)
      try await write(
        events.failed(late.message, code: late.code.rawValue, at: api.clock.now()), .end)
      return true
    }
    let end = api.clock.now()
    if let failure = TanStackDoor.failure(of: ended) {
      try await write(events.failed(failure.message, code: failure.code, at: end), .end)
      return true
    }
    if last != .result {
      try await write(events.result(ended, call.request, at: end), .result)
    }
    try await write(events.finished(at: end), .end)
    return true
  }

  /// Tells states until the job is outwardly over or the time is up; nil when the client left before.
  private func follow(_ stream: any HTTPStream) async throws(KinoraError) -> JobRecord? {
    var (number, turn) = (-1, 0)
    if case .status(let known, let told) = last { (number, turn) = (known, told + 1) }
    var ended: JobRecord?
    var isFirst = true
    let left = max(1, end - api.clock.steady())
    try await api.watch(job, call.viewer, every: min(Self.interval, left)) { record in
      let isKnown = isFirst && record.sequence == number
      isFirst = false
      if record.sequence != number { (number, turn) = (record.sequence, 0) }
      if record.state.isOutwardlyOver { ended = record }
      if ended == nil, api.clock.steady() >= end {
        ended = record
        return false
      }
      // What it has is told again only when time has passed.
      if last == .result || isKnown { return true }
      let now = api.clock.now()
      for event in [events.status(record, at: now), events.progress(record, at: now)] {
        guard let event else { continue }
        let bytes = framing.bytes(event, .status(number: number, turn: turn))
        guard (try? await stream.write(bytes)) != nil else {
          ended = nil
          return false
        }
        turn += 1
      }
      return true
    }
    return ended
  }
}
