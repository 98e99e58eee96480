import Glibc
import KinoraLoop

extension HTTPConnection {
  /// Sends or queues bytes that are no answer yet.
  func write(_ bytes: [UInt8]) {
    output.append(bytes)
    flush()
  }

  /// Sends what is in the scratch space, without a copy as long as the socket takes it.
  func writeScratch(more: Bool) {
    if !output.isEmpty || blocked { return output.append(server.scratch) }
    let sent = server.scratch.withUnsafeBytes {
      OutputQueue.send(descriptor, $0, more: more)
    }
    if sent > 0 { server.counters.didSend(sent) }
    // A failed send is met again in the flush that follows, which deals with it.
    if sent < server.scratch.count { output.append(Array(server.scratch[max(0, sent)...])) }
  }

  /// Sends as much as the socket takes, then goes on to what follows the answer.
  func flush() {
    guard activity != .closed else { return }
    if !output.isEmpty {
      let (sent, outcome) = output.flush(descriptor, more: file != nil)
      server.counters.didSend(sent)
      switch outcome {
      case .gone: return close()
      case .blocked: return wait(progress: sent > 0)
      case .empty: break
      }
    }
    if file != nil, !sendFile() { return }
    setBlocked(false)
    if deadline == .stall { clearDeadline() }
    if activity == .answering, exchange.isWhole { return finishAnswer() }
    stream?.wakeWriters()
  }

  /// The socket is full. The deadline begins anew with every byte that was taken.
  func wait(progress: Bool) {
    setBlocked(true)
    if progress || deadline != .stall { set(.stall, seconds: limits.stallSeconds) }
    if output.count <= limits.streamRoomBytes { stream?.wakeWriters() }
  }

  /// The answer is out, the request was not read to its end: closing now would reset the
  /// connection and could take the answer from the client.
  func linger() {
    shutdown(descriptor, Int32(SHUT_WR))
    activity = .lingering
    stash = []
    stashStart = 0
    set(.linger, seconds: limits.lingerSeconds)
    pump()
  }

  /// Ends the connection with RST.
  func reset() {
    var hard = Glibc.linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout.size(ofValue: hard)))
    close()
  }

  /// The connection is closed: whoever waits for its output is told.
  func endOutput() {
    output = OutputQueue()
    if let file { Glibc.close(file.descriptor) }
    file = nil
    if stream != nil { endStreamState() }
    let sent = exchange.sent
    exchange = Exchange()
    sent?(false)
  }
}
