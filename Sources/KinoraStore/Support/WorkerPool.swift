import KinoraModel

/// A few threads that take work in order, each with a context of its own (a connection, nothing).
final class WorkerPool<Context>: Sendable {
  private typealias Work = @Sendable (Context) -> Void

  private struct State {
    var waiting: [Work] = []
    var taken = 0
    var isClosed = false
    var running = 0
    var closers: [CheckedContinuation<Void, Never>] = []

    mutating func next() -> Work? {
      guard taken < waiting.count else { return nil }
      let work = waiting[taken]
      taken += 1
      if taken == waiting.count {
        waiting.removeAll(keepingCapacity: true)
        taken = 0
      }
      return work
    }
  }

  private let state = Monitor(State())

  /// Starts one thread for each context; a context is that thread's own from now on.
  init(_ contexts: [Handover<Context>], name: String) throws(KinoraError) {
    for context in contexts {
      let state = state
      state.with { $0.running += 1 }
      try BlockingThread.start(name) { Self.serve(state, context.value) }
    }
  }

  private static func serve(_ state: Monitor<State>, _ context: consuming Context) {
    while true {
      let work: Work? = state.wait { state in
        if let work = state.next() { return .some(work) }
        return state.isClosed ? .some(nil) : nil
      }
      guard let work else { break }
      work(context)
    }
    let closers = state.with { state in
      state.running -= 1
      return state.running == 0 ? state.closers : []
    }
    for closer in closers { closer.resume() }
  }

  /// Runs `body` on one of the threads; the caller is suspended, its thread is not held.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable (Context) throws(KinoraError) -> Value
  ) async throws(KinoraError) -> Value {
    let result = await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Value, KinoraError>, Never>) in
      var isClosed = false
      state.update { state in
        isClosed = state.isClosed
        if isClosed { return false }
        state.waiting.append { context in
          do throws(KinoraError) {
            continuation.resume(returning: .success(try body(context)))
          } catch {
            continuation.resume(returning: .failure(error))
          }
        }
        return true
      }
      if isClosed {
        continuation.resume(returning: .failure(KinoraError(.unavailable, "the store is closed")))
      }
    }
    return try result.get()
  }

  /// Ends the threads after the work that waits, and returns when all have dropped their contexts.
  func close() async {
    await withCheckedContinuation { continuation in
      let isOver = state.with { state in
        state.isClosed = true
        if state.running == 0 { return true }
        state.closers.append(continuation)
        return false
      }
      state.wakeAll()
      if isOver { continuation.resume() }
    }
  }
}
