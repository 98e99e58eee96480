import CCurl
import Glibc
import KinoraModel

/// Follows jobs to their ends by their event streams. An event only says that something changed; what
/// is shown is the job itself, read anew. Where the streams fail it asks with `?wait=`.
final class Follower {
  /// How long the daemon may be away before it is given up.
  static let patience: Milliseconds = 60_000
  /// A job is read again after this even when its stream says nothing.
  private static let longestSilence: Milliseconds = 10_000

  private let client: Client
  private let signals: Signals
  private let transfers: Transfers
  private let display: JobDisplay
  private let isKnown: Bool
  private var awaySince: Milliseconds?

  /// - Parameter isKnown: the daemon has told of these jobs before; it is waited for from the start.
  init(
    _ client: Client, _ signals: Signals, _ display: JobDisplay, isKnown: Bool
  ) throws(Failure) {
    self.isKnown = isKnown
    self.client = client
    self.signals = signals
    self.display = display
    transfers = try Transfers(signals: signals)
  }

  /// One followed job.
  private final class Track {
    let id: String
    var job: Job?
    var stream: Transfer?
    var isOpen = false
    var parser = EventStreamParser()
    var isStale = true
    var readAt: Milliseconds = 0
    var due: Milliseconds = 0
    var pause: Milliseconds = 100
    /// The stream is not to be had: ask instead.
    var asks = false

    init(_ id: String) { self.id = id }
    var isOver: Bool { job?.isOver ?? false }
  }

  /// Waits for all of them; `ended` is called for each as it ends. False when `deadline` came first.
  func follow(
    _ ids: [String], until deadline: Milliseconds?, ended: (Job) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    let tracks = ids.map(Track.init)
    while true {
      for track in tracks where !track.isOver && isDue(track) {
        try read(track)
        if let job = track.job, job.isOver {
          if let stream = track.stream { transfers.remove(stream) }
          try ended(job)
        }
      }
      let open = tracks.filter { !$0.isOver }
      if open.isEmpty { return true }
      if let deadline, Now.steady >= deadline { return false }
      for track in open where track.stream == nil && Now.steady >= track.due { try connect(track) }
      let finished = try transfers.step(milliseconds: open.contains(where: \.isStale) ? 50 : 200)
      for (transfer, code) in finished { end(transfer, code, open) }
      for track in open where !track.isOpen && track.stream?.status == 200 {
        track.isOpen = true
        track.isStale = true
      }
      display.tick()
    }
  }

  private func isDue(_ track: Track) -> Bool {
    let now = Now.steady
    if awaySince != nil { return now - track.readAt >= track.pause }
    return track.isStale || now - track.readAt >= Self.longestSilence
  }

  /// Reads the job; an absent daemon is waited for.
  private func read(_ track: Track) throws(Failure) {
    track.isStale = false
    track.readAt = Now.steady
    let answer: Answer
    do throws(Failure) {
      var request = Request.get("/v1/videos/\(track.id.escaped)")
      request.timeout = 30
      answer = try client.exchange(request, signals: signals)
    } catch {
      guard error.exit == .unreachable else { throw error }
      return try away(track, error)
    }
    if answer.status == 503 { return try away(track, Problem.failure(answer)) }
    guard answer.isSuccess, let json = answer.json else { throw Problem.failure(answer) }
    if awaySince != nil { display.say("kinora: the daemon is back") }
    awaySince = nil
    track.pause = 100
    let job = Job(json: json)
    track.job = job
    display.show(job)
  }

  private func away(_ track: Track, _ reason: Failure) throws(Failure) {
    let now = Now.steady
    track.isStale = true
    track.pause = min(track.pause * 2, 2000)
    guard let since = awaySince else {
      awaySince = now
      // A daemon that was never there is told at once.
      if track.job == nil && !isKnown { throw reason }
      display.say("kinora: the daemon is away; the job is safe, trying again for a minute")
      return
    }
    if now - since > Self.patience { throw reason }
  }

  private func connect(_ track: Track) throws(Failure) {
    let id = track.id.escaped
    var request = Request.get("/v1/videos/\(id)/events")
    request.timeout = 0
    if track.asks {
      request = .get("/v1/videos/\(id)?wait=30")
      request.timeout = 45
    } else {
      request.headers = ["Accept: text/event-stream"]
      if let last = track.parser.lastID { request.headers.append("Last-Event-ID: \(last)") }
    }
    track.isOpen = false
    let transfer = try Transfer(request, socket: client.socket) { [unowned track] bytes in
      if track.asks || !track.parser.feed(bytes).isEmpty { track.isStale = true }
      return true
    }
    track.stream = transfer
    transfers.add(transfer)
  }

  private func end(_ transfer: Transfer, _ code: CURLcode, _ tracks: [Track]) {
    guard let track = tracks.first(where: { $0.stream === transfer }) else { return }
    track.stream = nil
    track.parser.reconnect()
    track.isStale = true
    let status = transfer.status
    // 204: nothing more to come, or it came before we asked; the job tells which.
    if !track.asks, code == CURLE_OK, status != 200, status != 503 { track.asks = true }
    track.due = Now.steady + max(track.pause, track.asks ? 1000 : 250)
  }
}
