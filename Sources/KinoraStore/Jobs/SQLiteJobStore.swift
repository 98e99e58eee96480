public import KinoraModel
import Synchronization

/// Jobs, events and money in one SQLite file.
///
/// One connection writes, on a thread of its own: what waits when it looks is one transaction and
/// one fsync (WAL, `synchronous=FULL`; `NORMAL` would forget the last commits in a power cut, and a
/// forgotten permit is a job paid twice). Readers never wait for it.
///
/// `storeFailed` from any call is final: nothing is written any more and the process must end.
/// `storageFull` is not: the transaction was taken back, all of it, and the next one may succeed.
public final class SQLiteJobStore: JobStore {
  /// The journal's generation that the database knew when it was opened.
  public let generation: Int64
  /// True when the file is older than what was published or journalled before: a restored backup.
  /// Event numbers then went on at the next multiple of 2^32.
  public let isRestored: Bool
  /// True when the last daemon did not close it; its structure was checked then.
  public let wasUnclean: Bool

  let writer: Writer
  private let readers: WorkerPool<Connection>
  private let mark: MarkFile
  private let first: Mutex<Int64>

  /// Opens or makes the database, migrates it and starts the threads. Blocks: call it at start.
  ///
  /// `onCommit` gets the events of each transaction after it is durable, in the order of their
  /// numbers, on the writer's thread: it must be quick. Throws `configuration` for a newer schema,
  /// `storeFailed` for a damaged file.
  public init(
    _ options: StoreOptions, onCommit: @escaping @Sendable ([JobEvent]) -> Void
  ) throws(KinoraError) {
    let opening = try StoreOpening(options)
    generation = opening.generation
    isRestored = opening.isRestored
    wasUnclean = opening.wasUnclean
    mark = opening.mark
    first = Mutex(opening.first)
    let mark = mark
    writer = try Writer(
      Handover(opening.connection), path: options.path, mostInBatch: options.mostInBatch,
      faults: options.faults, crash: options.crash
    ) { events in
      if let last = events.last { mark.write(isRunning: true, head: last.seq) }
      onCommit(events)
    }
    writer.counters.head.store(opening.head, ordering: .sequentiallyConsistent)
    var connections: [Handover<Connection>] = []
    do throws(SQLiteFailure) {
      for _ in 0..<max(2, options.readers) {
        connections.append(
          Handover(
            try Connection(
              path: options.path, readOnly: true, busyMilliseconds: options.busyMilliseconds,
              vfs: options.vfs)))
      }
    } catch {
      throw error.asReadError
    }
    readers = try WorkerPool(connections, name: "kinora-reader")
  }

  /// Answers what was asked, brings the file up to date and lets go of it. Later calls throw.
  public func close() async {
    // The writer's connection is the last one open, so that no other ever cleans up the WAL.
    await readers.close()
    await writer.close()
    let isSound = writer.state.with { $0.failure == nil }
    mark.write(isRunning: !isSound, head: await head())
    mark.close()
  }

  public func commit(_ change: StoreChange) async throws(KinoraError) -> [JobEvent] {
    try await writer.commit(PreparedChange(change)).get()
  }

  public func head() async -> Int64 {
    writer.counters.head.load(ordering: .sequentiallyConsistent)
  }

  public func tail() async -> Int64 { first.withLock { $0 } }

  public func ping() async throws(KinoraError) {
    _ = try await writer.run { connection throws(SQLiteFailure) in
      try connection.integer("SELECT 1")
    }
  }

  /// Transactions and changes since the store was opened.
  public var statistics: StoreStatistics {
    StoreStatistics(
      commits: writer.counters.commits.load(ordering: .relaxed),
      members: writer.counters.members.load(ordering: .relaxed))
  }

  /// The number of the newest schema that this program knows, which an open database has.
  public var schemaVersion: Int { Migration.all.last.map { Int($0.number) } ?? 0 }

  /// Why nothing is written any more; nil while all is well.
  public var failure: KinoraError? { writer.state.with { $0.failure } }

  /// Runs `body` on a reader's thread. What it finds damaged stops the writer: nothing may be paid
  /// for on the word of a file that lies.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws(KinoraError) -> Value
  ) async throws(KinoraError) -> Value {
    do throws(KinoraError) {
      return try await readers.run(body)
    } catch {
      if error.code == .storeFailed { writer.fail(error) }
      throw error
    }
  }

  func setFirst(_ seq: Int64) { first.withLock { $0 = seq } }
}
