import KinoraLoop

/// The server's side of a streaming answer. Loop's thread.
final class StreamState {
  let heartbeat: [UInt8]
  let interval: UInt64
  let farewell: [UInt8]
  let chunked: Bool
  var heartbeatAt = UInt64.max
  var hasEnded = false
  private var writers: [CheckedContinuation<Void, Never>] = []
  private var turn: UInt64 = 0
  private var written = 0

  init(_ streaming: HTTPStreaming, chunked: Bool) {
    heartbeat = streaming.heartbeat
    interval = UInt64(max(0, streaming.heartbeatSeconds)) * 1_000_000_000
    farewell = streaming.farewell
    self.chunked = chunked
  }

  func touched(now: UInt64) {
    if !heartbeat.isEmpty, interval > 0, !hasEnded { heartbeatAt = now + interval }
  }

  /// True when more than `limit` bytes were written in one turn of the loop: a writer whose client
  /// keeps up would never wait for anything, and so never leave the thread.
  func isGreedy(_ count: Int, now: UInt64, limit: Int) -> Bool {
    if turn != now { written = 0 }
    turn = now
    written += count
    return written > limit
  }

  func wait(_ writer: CheckedContinuation<Void, Never>) { writers.append(writer) }

  func wakeWriters() {
    guard !writers.isEmpty else { return }
    let woken = writers
    writers = []
    for writer in woken { writer.resume() }
  }
}

extension HTTPConnection {
  enum StreamWrite {
    case taken
    /// Taken, and more than the room is unsent: wait.
    case full
    /// Taken, and it is the turn of others.
    case yield
    case gone
  }

  /// Begins a streaming answer.
  func answer(_ response: HTTPResponse, _ streaming: HTTPStreaming) {
    let chunked = exchange.minor >= 1
    if !chunked { exchange.keepAlive = false }
    writeHead(response, chunked ? .chunked : .close)
    writeScratch(more: false)
    exchange.conditions = HTTPFields()
    if exchange.isHead {
      exchange.isWhole = true
      return flush()
    }
    begin(StreamState(streaming, chunked: chunked), streaming.run)
  }

  /// Begins an answer that the service words itself.
  func answer(_ wire: HTTPWire) {
    exchange.keepAlive = false
    exchange.resets = wire.resets
    exchange.conditions = HTTPFields()
    begin(StreamState(HTTPStreaming(heartbeat: [], run: wire.run), chunked: false), wire.run)
  }

  private func begin(
    _ state: StreamState, _ run: @escaping @Sendable (any HTTPStream) async -> Void
  ) {
    state.touched(now: loop.now)
    stream = state
    server.counters.streamBegan()
    server.note(due: state.heartbeatAt)
    let ordinal = self.ordinal
    runTask { [self] in
      await run(ConnectionStream(connection: self, ordinal: ordinal))
      await loop.perform { [self] in
        if ordinal == self.ordinal { endStream() }
      }
    }
    flush()
    if server.isDraining, stream === state { farewell() }
  }

  func writeStream(_ bytes: ArraySlice<UInt8>, _ ordinal: Int) -> StreamWrite {
    guard activity == .answering, ordinal == self.ordinal, let stream, !stream.hasEnded else {
      return .gone
    }
    if output.count + bytes.count > limits.streamBacklogBytes {
      server.counters.didStall()
      close()
      return .gone
    }
    writeChunk(bytes, chunked: stream.chunked)
    stream.touched(now: loop.now)
    flush()
    if activity == .closed { return .gone }
    if output.count > limits.streamRoomBytes { return .full }
    let limit = 4 * limits.streamRoomBytes
    return stream.isGreedy(bytes.count, now: loop.now, limit: limit) ? .yield : .taken
  }

  /// False when there is nothing to wait for any more.
  func waitForRoom(_ writer: CheckedContinuation<Void, Never>, _ ordinal: Int) {
    guard let stream, ordinal == self.ordinal, !stream.hasEnded,
      output.count > limits.streamRoomBytes
    else { return writer.resume() }
    stream.wait(writer)
  }

  private func writeChunk(_ bytes: ArraySlice<UInt8>, chunked: Bool) {
    guard !bytes.isEmpty else { return }
    server.scratch.removeAll(keepingCapacity: server.scratch.capacity <= 256 * 1024)
    if chunked { ResponseHead.appendChunkSize(bytes.count, to: &server.scratch) }
    server.scratch += bytes
    if chunked { server.scratch += [0x0d, 0x0a] }
    writeScratch(more: false)
  }

  /// Something for a client that hears nothing, unless it still has something to read.
  func beat() {
    guard let stream else { return }
    stream.touched(now: loop.now)
    server.note(due: stream.heartbeatAt)
    guard output.isEmpty, !blocked else { return }
    writeChunk(stream.heartbeat[...], chunked: stream.chunked)
    flush()
  }

  /// Ends the stream for a drain; its task hears of it by its cancellation.
  func farewell() {
    guard let stream, !stream.hasEnded else { return }
    exchange.keepAlive = false
    writeChunk(stream.farewell[...], chunked: stream.chunked)
    cancelTask()
    endStream()
  }

  private func endStream() {
    guard let stream, !stream.hasEnded, activity == .answering else { return }
    stream.hasEnded = true
    stream.heartbeatAt = .max
    stream.wakeWriters()
    exchange.isWhole = true
    if stream.chunked { output.append(Array("0\r\n\r\n".utf8)) }
    flush()
  }

  func endStreamState() {
    guard let stream else { return }
    stream.hasEnded = true
    stream.heartbeatAt = .max
    self.stream = nil
    server.counters.streamEnded()
    stream.wakeWriters()
  }
}

/// What the service writes to. From any thread; the work is done on the loop's.
struct ConnectionStream: HTTPStream {
  let connection: HTTPConnection
  let ordinal: Int

  func write(_ bytes: [UInt8]) async throws(HTTPGone) {
    let loop = connection.loop
    let room = connection.limits.streamRoomBytes
    var start = 0
    while start < bytes.count {
      let part = bytes[start..<min(start + room, bytes.count)]
      start = part.endIndex
      switch await loop.perform({ connection.writeStream(part, ordinal) }) {
      case .taken: break
      case .yield: await Task.yield()
      case .gone: throw HTTPGone()
      case .full:
        await withCheckedContinuation { (writer: CheckedContinuation<Void, Never>) in
          if loop.isOnLoop {
            connection.waitForRoom(writer, ordinal)
          } else {
            loop.post { connection.waitForRoom(writer, ordinal) }
          }
        }
      }
    }
  }
}
