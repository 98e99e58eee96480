import Glibc
import KinoraLoop

extension HTTPConnection {
  /// Reads and handles requests until there is nothing to read, an answer is pending, or others
  /// must have their turn.
  func pump() {
    guard !isPumping else { return }
    isPumping = true
    defer { isPumping = false }
    let requests = ordinal + limits.requestsPerTurn
    var budget = limits.readBytesPerTurn
    while activity == .reading || activity == .lingering {
      if budget <= 0 || ordinal >= requests {
        loop.post { [self] in pump() }
        break
      }
      if stashStart < stash.count {
        consumeStash(until: requests)
        continue
      }
      guard readable, let count = receive() else { break }
      budget -= count
      consume(UnsafeRawBufferPointer(rebasing: server.buffer[..<count]), until: requests)
    }
    if activity == .reading { setReadDeadline() }
  }

  /// Nil when there is nothing to read for now or the connection was closed.
  private func receive() -> Int? {
    while true {
      let count = recv(descriptor, server.buffer.baseAddress, server.buffer.count, 0)
      if count > 0 {
        // Edge-triggered: less than asked for means that the socket is empty.
        if count < server.buffer.count, !inputEnds { readable = false }
        server.counters.didRead(count)
        return count
      }
      if count < 0, errno == EINTR { continue }
      readable = false
      if count == 0 || errno != EAGAIN { close() }
      return nil
    }
  }

  private func consumeStash(until last: Int) {
    // A local copy of the reference: handling a request may change the stash itself.
    let bytes = stash
    let start = stashStart
    stash = []
    stashStart = 0
    bytes.withUnsafeBytes { all in
      let used = handle(UnsafeRawBufferPointer(rebasing: all[start...]), until: last)
      guard start + used < bytes.count, activity != .closed, activity != .lingering else { return }
      stash = bytes
      stashStart = start + used
    }
  }

  private func consume(_ bytes: UnsafeRawBufferPointer, until last: Int) {
    let used = handle(bytes, until: last)
    if used < bytes.count, activity == .reading || activity == .answering {
      stash = Array(bytes[used...])
      stashStart = 0
    }
  }

  /// Feeds messages one after another; gives how many bytes were used.
  private func handle(_ bytes: UnsafeRawBufferPointer, until last: Int) -> Int {
    var used = 0
    while used < bytes.count, activity == .reading, ordinal < last {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
      let parser = present()
      let (count, step) = parser.feed(rest)
      used += count
      ahead = bytes.count - used
      switch step {
      case .more: deliver(rest, parser)
      case .head: begin(parser, more: count < rest.count)
      case .complete:
        deliver(rest, parser)
        if activity == .reading { complete(parser) }
      case .failed(let problem):
        server.counters.didRefuse()
        refuse(problem.status, problem.reason)
      }
    }
    ahead = 0
    return activity == .lingering ? bytes.count : used
  }

  private func present() -> RequestParser {
    if let parser { return parser }
    let parser = server.takeParser()
    self.parser = parser
    exchange = Exchange()
    began = loop.now
    return parser
  }

  /// Hands the payload of the last feed on.
  private func deliver(_ bytes: UnsafeRawBufferPointer, _ parser: RequestParser) {
    guard !parser.pieces.isEmpty else { return }
    for piece in parser.pieces {
      do throws(HTTPRefusal) {
        try incoming?.take(UnsafeRawBufferPointer(rebasing: bytes[piece]))
      } catch {
        return answerUnread(error.response)
      }
      if let incoming, incoming.received > incoming.limit { return refuseTooLarge() }
    }
  }

  /// An unfinished request has a deadline from its first byte on; no request, the idle one.
  private func setReadDeadline() {
    guard let parser else {
      if deadline != .idle { set(.idle, seconds: limits.idleSeconds) }
      return
    }
    if parser.phase == .head {
      set(.head, at: began + UInt64(limits.headSeconds * 1_000_000_000))
    } else {
      let received = Double(incoming?.received ?? 0)
      let allowed = limits.bodyGraceSeconds + received / Double(limits.bodyBytesPerSecond)
      set(.body, at: began + UInt64(allowed * 1_000_000_000))
    }
  }
}
