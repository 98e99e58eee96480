import CSQLite
import KinoraModel
import Synchronization

/// The one thread that writes. It takes what waits, applies each member in a savepoint of one
/// transaction, and answers all of them after one COMMIT.
final class Writer: Sendable {
  typealias Answer = Result<[JobEvent], KinoraError>

  enum Member: Sendable {
    case change(PreparedChange, CheckedContinuation<Answer, Never>)
    /// Runs alone, outside of any transaction of ours.
    case task(@Sendable (Result<Handover<Connection>, KinoraError>) -> Void)
  }

  struct State {
    var queue: CommitQueue<Member>
    var failure: KinoraError?
    var isClosing = false
    var closers: [CheckedContinuation<Void, Never>] = []
    var hasEnded = false
  }

  /// Pages of the WAL after which the database file is brought up to date: 16 MB.
  static let checkpointPages = 4096
  /// Pages after which the writer waits for readers so that the WAL starts anew: 64 MB.
  static let restartPages = 16384

  let state: Monitor<State>
  let counters = WriterCounters()
  private let path: String
  private let faults: FaultHooks
  private let crash: CrashPoints
  private let publish: @Sendable ([JobEvent]) -> Void

  /// Starts the thread. The connection is its own from now on.
  init(
    _ connection: Handover<Connection>, path: String, mostInBatch: Int, faults: FaultHooks,
    crash: CrashPoints, publish: @escaping @Sendable ([JobEvent]) -> Void
  ) throws(KinoraError) {
    state = Monitor(State(queue: CommitQueue(most: mostInBatch)))
    self.path = path
    self.faults = faults
    self.crash = crash
    self.publish = publish
    try BlockingThread.start("kinora-writer") { [self] in serve(connection.value) }
  }

  /// Hands a change to the thread and waits for its answer.
  func commit(_ prepared: PreparedChange) async -> Answer {
    await withCheckedContinuation { continuation in
      add(.change(prepared, continuation), lane: prepared.lane) {
        continuation.resume(returning: .failure($0))
      }
    }
  }

  /// Runs `body` on the thread, after what was asked before it.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws(SQLiteFailure) -> Value
  ) async throws(KinoraError) -> Value {
    let result = await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Value, KinoraError>, Never>) in
      let task = Member.task { handed in
        continuation.resume(
          returning: handed.flatMap { (connection) -> Result<Value, KinoraError> in
            do throws(SQLiteFailure) {
              return .success(try body(connection.value))
            } catch {
              if connection.value.isInTransaction { try? connection.value.execute("ROLLBACK") }
              if !error.isFull && !error.isAboutStatement { self.fail(error.asKinoraError) }
              return .failure(error.asKinoraError)
            }
          })
      }
      add(task, lane: nil) { continuation.resume(returning: .failure($0)) }
    }
    return try result.get()
  }

  private func add(_ member: Member, lane: String?, refused: (KinoraError) -> Void) {
    var refusal: KinoraError?
    state.update { state in
      if let failure = state.failure {
        refusal = failure
      } else if state.isClosing {
        refusal = KinoraError(.unavailable, "the store is closed")
      } else {
        state.queue.append(member, lane: lane)
        return true
      }
      return false
    }
    if let refusal { refused(refusal) }
  }

  /// Takes no more; returns when all that waits was answered and the connection is closed.
  func close() async {
    await withCheckedContinuation { continuation in
      let isOver = state.with { state in
        state.isClosing = true
        if state.hasEnded { return true }
        state.closers.append(continuation)
        return false
      }
      state.wakeAll()
      if isOver { continuation.resume() }
    }
  }

  /// From now on every commit is refused with `error`: what is on the disk is not known any more,
  /// and a second fsync that succeeds would prove nothing.
  func fail(_ error: KinoraError) {
    let waiting = state.with { state -> [Member] in
      if state.failure == nil { state.failure = error }
      var members: [Member] = []
      while !state.queue.isEmpty { members += state.queue.next() }
      return members
    }
    for member in waiting { answer(member, error) }
  }

  private func answer(_ member: Member, _ error: KinoraError) {
    switch member {
    case .change(_, let continuation): continuation.resume(returning: .failure(error))
    case .task(let body): body(.failure(error))
    }
  }

  private func serve(_ connection: Connection) {
    while true {
      let batch: [Member] = state.wait { state in
        if !state.queue.isEmpty { return state.queue.next() }
        return state.isClosing ? [] : nil
      }
      if batch.isEmpty { break }
      var changes: [(PreparedChange, CheckedContinuation<Answer, Never>)] = []
      for member in batch {
        switch member {
        case .change(let change, let continuation): changes.append((change, continuation))
        case .task(let body):
          commit(changes, on: connection)
          changes = []
          body(state.with { $0.failure }.map { .failure($0) } ?? .success(Handover(connection)))
        }
      }
      commit(changes, on: connection)
      checkpoint(connection)
    }
    if state.with({ $0.failure == nil }) { try? connection.checkpoint(SQLITE_CHECKPOINT_TRUNCATE) }
    let closers = state.with { state in
      state.hasEnded = true
      return state.closers
    }
    for closer in closers { closer.resume() }
  }

  private func commit(
    _ members: [(PreparedChange, CheckedContinuation<Answer, Never>)], on connection: Connection
  ) {
    if members.isEmpty { return }
    let batch = Batch(connection: connection, path: path, faults: faults, crash: crash)
    let outcome = batch.commit(members.map(\.0))
    switch outcome {
    case .committed(let answers):
      let events = answers.flatMap { (try? $0.get()) ?? [] }
      counters.add(members: members.count, events: events)
      if !events.isEmpty { publish(events) }
      for (member, answer) in zip(members, answers) { member.1.resume(returning: answer) }
    case .undone(let error):
      for member in members { member.1.resume(returning: .failure(error)) }
    case .broken(let error):
      fail(error)
      for member in members { member.1.resume(returning: .failure(error)) }
    }
  }

  private func checkpoint(_ connection: Connection) {
    let pages = connection.pagesInLog
    guard pages >= Self.checkpointPages, state.with({ $0.failure == nil }) else { return }
    do throws(SQLiteFailure) {
      try connection.checkpoint(
        pages >= Self.restartPages ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE)
    } catch {
      // A full disk stops the copying, not the promise: the WAL holds everything.
      if !error.isFull { fail(error.asKinoraError) }
    }
  }
}

/// Takes a value that one thread owns to the thread that owns it next.
struct Handover<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// What the writer has done; read from any thread.
final class WriterCounters: Sendable {
  let commits = Atomic<Int64>(0)
  let members = Atomic<Int64>(0)
  let head = Atomic<Int64>(0)

  func add(members count: Int, events: [JobEvent]) {
    commits.add(1, ordering: .relaxed)
    members.add(Int64(count), ordering: .relaxed)
    if let last = events.last { head.store(last.seq, ordering: .sequentiallyConsistent) }
  }
}
