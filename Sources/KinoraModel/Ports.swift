/// The loaded plugins.
public protocol Plugins: Sendable {
  /// One step of a plugin. Same event, same step. Throws `pluginFault` when the plugin broke its
  /// contract and `unavailable` when it is not loaded, disabled or faulted.
  func step(plugin: String, event: PluginEvent) async throws(KinoraError) -> PluginStep
  /// What is known about every plugin file that was looked at.
  func list() -> [PluginInfo]
}

/// One plugin, as people see it.
public struct PluginInfo: Sendable, Equatable {
  /// Whether it can be called, and why not.
  public enum State: String, Sendable, Codable {
    case loaded
    case disabled
    case shadowed
    case untrusted
    case incompatible
    case missingEntry = "missing-entry"
    case faulted
    case changed
  }
  /// The name in configuration, `openrouter`.
  public var name: String
  /// The plugin's own id, `net.example.openrouter`; empty when it was never opened.
  public var id: String
  /// Its version.
  public var version: String
  /// The file.
  public var path: String
  /// Its state.
  public var state: State
  /// Why, and how to mend it; empty when loaded.
  public var detail: String
  /// The catalog; nil when it was never opened.
  public var catalog: Catalog?
  /// Steps that broke the contract.
  public var faults: Int
  /// True after a step took longer than `Limits.slowStepMilliseconds`.
  public var isSlow: Bool

  /// A plugin's facts.
  public init(
    name: String, id: String = "", version: String = "", path: String, state: State,
    detail: String = "", catalog: Catalog? = nil, faults: Int = 0, isSlow: Bool = false
  ) {
    self.name = name
    self.id = id
    self.version = version
    self.path = path
    self.state = state
    self.detail = detail
    self.catalog = catalog
    self.faults = faults
    self.isSlow = isSlow
  }
}

/// Files, addressed by their content.
public protocol ArtifactStore: Sendable {
  /// A path in the temporary folder of this boot, on the file system of the store. Swept at start.
  func temporaryPath() -> String
  /// Checks a finished temporary file, fsyncs it and gives it its address. The temporary file is gone
  /// afterwards. `expected` is `video`, `image` or nil. Throws `assetUnusable`, `badMedia`,
  /// `storageFull` or `storeFailed`.
  func adopt(path: String, expected: String?) async throws(KinoraError) -> Artifact
  /// The same for base64 text: decoded on the way.
  func adopt(base64 path: String, expected: String?) async throws(KinoraError) -> Artifact
  /// The same for media that are short enough to be in an address: `data:image/png;base64,…`.
  func adopt(dataURL: String, expected: String?) async throws(KinoraError) -> Artifact
  /// Removes temporary files that nobody needs any more.
  func discard(paths: [String]) async
  /// Where a stored file lies, or nil when it is gone.
  func path(sha256: String) -> String?
  /// Free bytes of the file system.
  func freeBytes() -> Int64
  /// Free bytes below which no new job is accepted: `Limits.freeDiskFloor`, or a twentieth of a file
  /// system that is small.
  func freeFloor() -> Int64
}

extension ArtifactStore {
  /// For stores whose temporary files are swept some other way.
  public func discard(paths: [String]) async {}
}

/// Wall time for records and a steady clock for waiting.
public protocol Clock: Sendable {
  /// Milliseconds since 1970. May jump.
  func now() -> Milliseconds
  /// Milliseconds since some start. Never jumps, goes on in suspend.
  func steady() -> Milliseconds
  /// Sleeps until the steady clock shows `steady` or the task is cancelled.
  func sleep(untilSteady: Milliseconds) async
}

/// Random bytes.
public protocol Entropy: Sendable {
  /// `count` unpredictable bytes.
  func bytes(_ count: Int) -> [UInt8]
}

/// Fetches media from an address that a user named: https only, public addresses only, checked
/// against the address really connected to; small redirect count; size and time limits.
public protocol InputFetcher: Sendable {
  /// Downloads into `path`. Throws `urlRefused`, `tooLarge`, `badMedia` or `providerUnavailable`.
  func fetch(url: String, to path: String, limit: Int64) async throws(KinoraError)
}

/// Points at which a test may kill the daemon.
public struct CrashPoints: Sendable {
  /// Called with the point's name.
  public let pass: @Sendable (_ point: String) -> Void

  /// Does nothing at any point.
  public static let off = CrashPoints { _ in }

  /// Calls `pass` at each point.
  public init(pass: @escaping @Sendable (_ point: String) -> Void) { self.pass = pass }
}
