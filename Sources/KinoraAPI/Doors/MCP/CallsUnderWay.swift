import Synchronization

/// Requests that somebody waits for, so that a message on another connection can end the waiting. It
/// ends nothing else: a job goes on.
final class CallsUnderWay: Sendable {
  private struct Name: Hashable {
    var session: String
    var id: String
  }
  private let waiting = Mutex<[Name: AsyncStream<Void>.Continuation]>([:])

  /// What `work` gives, or nil when it was stopped before. Its task is cancelled then.
  func run<Value: Sendable>(
    session: String?, id: String, _ work: @escaping @Sendable () async -> Value
  ) async -> Value? {
    guard let session else { return await work() }
    let name = Name(session: session, id: id)
    let (stopped, continuation) = AsyncStream<Void>.makeStream()
    waiting.withLock { $0[name] = continuation }
    defer { waiting.withLock { _ = $0.removeValue(forKey: name) } }
    return await withTaskGroup(of: Value?.self) { group in
      group.addTask { await work() }
      group.addTask {
        for await _ in stopped {}
        return nil
      }
      let first = await group.next()
      group.cancelAll()
      return first ?? nil
    }
  }

  /// Ends the waiting for one request of a session, or for all of them.
  func stop(session: String?, id: String? = nil) {
    guard let session else { return }
    let found = waiting.withLock { waiting in
      waiting.filter { $0.key.session == session && (id == nil || $0.key.id == id) }.map(\.value)
    }
    for continuation in found { continuation.finish() }
  }
}
