public import KinoraModel

/// How a store is opened.
public struct StoreOptions: Sendable {
  /// The database file. `-wal`, `-shm` and `-mark` stand beside it.
  public var path: String
  /// Connections that read, each with a thread.
  public var readers = 2
  /// Most members of one transaction. More gain little and make each other wait.
  public var mostInBatch = 256
  /// How long a lock of another process is waited for. Longer than a backup's, shorter than a
  /// watchdog's.
  public var busyMilliseconds: Int32 = 30_000
  /// The name of a file layer that is registered with SQLite; nil for its usual one.
  public var vfs: String?
  /// The schema's steps.
  public var migrations = Migration.all
  /// Wall time, for the migrations' dates.
  public var now: Milliseconds = 0
  /// The generation that the intent journal shows; 0 when there is none.
  public var journalGeneration: Int64 = 0
  /// Faults to play.
  public var faults = FaultHooks.none
  /// Points at which a test may end the process.
  public var crash = CrashPoints.off

  /// The usual options for the file at `path`.
  public init(path: String) { self.path = path }
}

/// What the store has done since it was opened.
public struct StoreStatistics: Sendable, Equatable {
  /// Transactions, each with one fsync of the WAL.
  public var commits: Int64
  /// Changes in them.
  public var members: Int64
}
