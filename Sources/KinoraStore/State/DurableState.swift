public import KinoraModel

/// Everything durable of one daemon, opened in the one order that is safe.
public struct DurableState: Sendable {
  /// The locked folder; keep it as long as the others.
  public let directory: StateDirectory
  /// Jobs, events, money.
  public let store: SQLiteJobStore
  /// The intent journal.
  public let journal: IntentJournal
  /// Files by content.
  public let artifacts: FileArtifactStore
  /// True when the journal is older than the database: it was lost or restored, and cannot tell
  /// what was paid for. A person should know.
  public let journalWasLost: Bool

  /// How to open.
  public struct Options: Sendable {
    /// The state directory.
    public var path: String
    /// Names this start of the daemon: random, letters and digits.
    public var boot: String
    /// Wall time.
    public var now: Milliseconds
    /// Faults to play.
    public var faults = FaultHooks.none
    /// Points at which a test may end the process.
    public var crash = CrashPoints.off
    /// The folder at `path` when the caller has locked it already, to put files of its own there.
    public var directory: StateDirectory?

    /// The usual options.
    public init(path: String, boot: String, now: Milliseconds) {
      self.path = path
      self.boot = boot
      self.now = now
    }
  }

  /// Locks the folder, reads the journal, opens the database, begins a new generation of both and
  /// sweeps what earlier starts left in the temporary folder.
  public static func open(
    _ options: Options, onCommit: @escaping @Sendable ([JobEvent]) -> Void
  ) async throws(KinoraError) -> DurableState {
    let directory =
      if let locked = options.directory { locked } else {
        try StateDirectory(path: options.path)
      }
    let journal = try IntentJournal(
      path: directory.path + "/" + IntentJournal.fileName, boot: options.boot,
      faults: options.faults, crash: options.crash)
    var opening = StoreOptions(path: directory.path + "/kinora.db")
    opening.now = options.now
    opening.journalGeneration = journal.history.generation
    opening.faults = options.faults
    opening.crash = options.crash
    let store = try SQLiteJobStore(opening, onCommit: onCommit)
    let artifacts = try FileArtifactStore(
      directory: directory.path, boot: options.boot, faults: options.faults, crash: options.crash)
    let state = DurableState(
      directory: directory, store: store, journal: journal, artifacts: artifacts,
      journalWasLost: store.generation > journal.history.generation)
    try await state.begin(at: options.now)
    return state
  }

  // The journal first: a crash in between then looks like a restored database, which costs
  // followers a reset, and not like a lost journal, which costs trust.
  private func begin(at now: Milliseconds) async throws(KinoraError) {
    let open = try await store.openJobIDs()
    let unknown = try await store.unknownJobs(among: Set(journal.history.intents.map(\.job)))
    let needed = journal.history.intents.filter { intent in
      intent.at > now - IntentJournal.closedLife || open.contains(intent.job)
        || unknown.contains(intent.job)
    }
    let generation = max(journal.history.generation, store.generation) + 1
    try await journal.begin(generation: generation, at: now, keeping: needed)
    try await store.setGeneration(generation)
  }

  /// Closes everything that has a thread; the folder stays locked until the value goes.
  public func close() async {
    await journal.close()
    await store.close()
    await artifacts.close()
  }
}
