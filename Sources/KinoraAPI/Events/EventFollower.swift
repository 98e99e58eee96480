import KinoraCore
import KinoraHTTP
import KinoraModel

/// Writes the log's events of one subject to one client, from a place in the log on: what it missed
/// from the table, then what comes. No event is skipped and none comes twice.
struct EventFollower {
  let service: JobService
  let subject: EventHub.Subject
  let viewer: Viewer
  /// The last seq that the client has.
  var last: Int64
  /// Sent before everything else.
  var preface: [UInt8] = []
  /// Nothing new will come; the server is about to end all streams, with a word of farewell.
  var isStopping: @Sendable () -> Bool
  var clock: any Clock

  /// Bytes of events that are written at once.
  private static let pieceBytes = 32 * 1024
  /// Milliseconds between two looks while the daemon stops: the hub no longer makes anybody wait.
  private static let stoppingPause: Milliseconds = 250

  /// Runs until the client leaves, the daemon drains, or the job that is followed is outwardly over.
  func run(_ stream: any HTTPStream) async {
    do throws(HTTPGone) {
      if !preface.isEmpty { try await stream.write(preface) }
      try await follow(stream)
    } catch {}
  }

  private func follow(_ stream: any HTTPStream) async throws(HTTPGone) {
    var last = last
    var isFirst = preface.isEmpty
    var ended = false
    while !Task.isCancelled {
      guard let (events, upTo) = try? await service.events(subject, after: last) else { return }
      var block = EventBlock(saysRetry: isFirst)
      for event in events {
        block.add(event)
        isFirst = false
        // Each move is an event that is called by its state.
        if let state = JobState(rawValue: String(event.type.dropFirst("job.".count))) {
          ended = state.isOutwardlyOver
        }
        if block.bytes.count >= Self.pieceBytes {
          try await stream.write(block.bytes)
          block = EventBlock(saysRetry: false)
        }
      }
      if !block.bytes.isEmpty { try await stream.write(block.bytes) }
      last = max(last, upTo)
      if !events.isEmpty || service.hub.head > last { continue }
      if await isOver(ended) { return }
      await service.hub.wait(subject, after: last)
      if isStopping() { await clock.sleep(untilSteady: clock.steady() + Self.stoppingPause) }
    }
  }

  /// Whether a job's stream has nothing more to wait for: its last move was an end, or it was over
  /// when the client came with an id behind that move.
  private func isOver(_ ended: Bool) async -> Bool {
    guard case .job(let id) = subject else { return false }
    if ended { return true }
    guard let record = try? await service.job(id, viewer) else { return true }
    return record.state.isOutwardlyOver
  }
}
