public import KinoraModel

/// All that the engine needs of the world.
public struct EngineParts: Sendable {
  /// The loaded plugins.
  public var plugins: any Plugins
  /// The way to the providers.
  public var transport: any Transport
  /// Jobs on disk.
  public var store: any JobStore
  /// The intent journal.
  public var intents: any IntentLog
  /// Files.
  public var artifacts: any ArtifactStore
  /// Time.
  public var clock: any Clock
  /// Randomness.
  public var entropy: any Entropy
  /// Where a test may kill us.
  public var crash: CrashPoints
  /// Jobs for readers.
  public var directory: JobDirectory
  /// Models that routes leave alone for a while.
  public var cooldowns = Cooldowns()
  /// Places of a client; 0 for no limit.
  public var clientLimit: @Sendable (String) -> Int
  /// What finished jobs took.
  public var timings = Timings()
  /// The store can no longer say what is on disk: the process must end. Does not return in a daemon.
  public var onFatal: @Sendable (KinoraError) -> Void

  /// The parts.
  public init(
    plugins: any Plugins, transport: any Transport, store: any JobStore, intents: any IntentLog,
    artifacts: any ArtifactStore, clock: any Clock, entropy: any Entropy, crash: CrashPoints,
    directory: JobDirectory, clientLimit: @escaping @Sendable (String) -> Int,
    onFatal: @escaping @Sendable (KinoraError) -> Void
  ) {
    self.plugins = plugins
    self.transport = transport
    self.store = store
    self.intents = intents
    self.artifacts = artifacts
    self.clock = clock
    self.entropy = entropy
    self.crash = crash
    self.directory = directory
    self.clientLimit = clientLimit
    self.onFatal = onFatal
  }
}

extension CrashPoints {
  /// The engine's own points, in the order of a job's life.
  public static let engine = [
    "accept.before", "accept.committed", "claim", "step.begin", "permit.asked", "permit.row",
    "permit.journal", "submit.answered", "submit.committed", "poll.before", "poll.answered",
    "ready.committed", "asset.before", "asset.downloaded", "asset.adopted", "complete.before",
    "complete.committed", "cancel.committed", "hold.committed",
  ]
}
