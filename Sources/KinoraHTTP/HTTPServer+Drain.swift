import Glibc
import KinoraLoop

extension HTTPServer {
  /// Ends the server without cutting a request whose first byte was read.
  ///
  /// No new connection is taken in; one without a request is closed; a request that is being read
  /// or answered is finished, with `Connection: close`; a stream gets its farewell and ends, its
  /// task is cancelled. Returns when no connection is left, at the latest after `deadlineSeconds`,
  /// when the rest is cut.
  public func drain(deadlineSeconds: Double) async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      loop.post { self.drainOnLoop(deadlineSeconds, done) }
    }
  }

  private func drainOnLoop(_ seconds: Double, _ done: CheckedContinuation<Void, Never>) {
    beginDraining()
    drainWaiters.append(done)
    for listener in listeners { stop(listener) }
    listeners = []
    if spare >= 0 { close(spare) }
    spare = -1
    for connection in connections { connection.drain() }
    if connections.isEmpty { return drained() }
    loop.schedule(after: .seconds(seconds)) { self.cutAll() }
  }

  private func stop(_ listener: HTTPListener) {
    // A socket of our own dies with its queue, so whoever waits there is taken in first. Shut for
    // reading, a Unix socket keeps its queue and refuses whoever comes later; without that, somebody
    // could come between the last accept and the close, and be cut. A TCP socket would drop its queue.
    if !listener.inherited {
      if !listener.isTCP { shutdown(listener.descriptor, Int32(SHUT_RD)) }
      while accept(on: listener) {}
    }
    if let watch = listener.watch { loop.unwatch(watch) }
    listener.watch = nil
    close(listener.descriptor)
  }

  private func cutAll() {
    for connection in connections { connection.close() }
    drained()
  }
}
