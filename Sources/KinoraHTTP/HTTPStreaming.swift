/// An open-ended answer, such as server-sent events.
public struct HTTPStreaming: Sendable {
  /// Written when nothing else was for `heartbeatSeconds`; empty: never.
  public var heartbeat: [UInt8]
  /// Seconds of silence before a heartbeat.
  public var heartbeatSeconds: Int
  /// Written when the server drains, before the body ends; the closure's task is cancelled then.
  public var farewell: [UInt8]
  /// Runs on the loop's executor; is cancelled when the client leaves.
  public var run: @Sendable (any HTTPStream) async -> Void

  /// A stream with a heartbeat comment (`: keep-alive` and one line end) every 15 s.
  public init(
    heartbeat: [UInt8] = Array(": keep-alive\n".utf8), heartbeatSeconds: Int = 15,
    farewell: [UInt8] = [], run: @escaping @Sendable (any HTTPStream) async -> Void
  ) {
    self.heartbeat = heartbeat
    self.heartbeatSeconds = heartbeatSeconds
    self.farewell = farewell
    self.run = run
  }
}

/// An answer byte by byte: nothing is sent but what the closure writes, then the connection ends.
public struct HTTPWire: Sendable {
  /// Ends the connection with RST instead of FIN; bytes that were written may be lost with it.
  public var resets: Bool
  /// Runs on the loop's executor; is cancelled when the client leaves.
  public var run: @Sendable (any HTTPStream) async -> Void

  /// An answer that the closure words.
  public init(resets: Bool, run: @escaping @Sendable (any HTTPStream) async -> Void) {
    self.resets = resets
    self.run = run
  }
}

/// Where a streaming answer is written.
public protocol HTTPStream: Sendable {
  /// Queues bytes; waits while more than the backlog cap is unsent. Throws `HTTPGone` when the
  /// client left or stalled past the write deadline.
  func write(_ bytes: [UInt8]) async throws(HTTPGone)
}

/// The client went away.
public struct HTTPGone: Error, Sendable {
  /// The only value there is.
  public init() {}
}
