public import KinoraModel
import Synchronization

/// The plugins of this daemon: found, checked, loaded, called, watched.
///
/// A step runs on the caller's thread and never suspends. Nothing is ever unloaded or replaced in
/// place: a changed file takes effect at the next start, which costs no job anything.
public final class PluginRegistry: Plugins, Sendable {
  /// Where plugins are and what is allowed.
  public struct Options: Sendable {
    /// Folders, searched in this order, not below. The first plugin of a name or id wins.
    public var folders: [String]
    /// Names that are not loaded.
    public var disabled: Set<String>
    /// Checksums by name, in hexadecimal, for those that must have one.
    public var sha256: [String: String]
    /// Where the stepping journal lies; beside it `.faulted`. Nil: none is kept.
    public var stepping: String?
    /// Whose files are loaded.
    public var trust: TrustRule

    /// Options with the system's trust rule.
    public init(
      folders: [String], disabled: Set<String> = [], sha256: [String: String] = [:],
      stepping: String? = nil, trust: TrustRule = .system
    ) {
      self.folders = folders
      self.disabled = disabled
      self.sha256 = sha256
      self.stepping = stepping
      self.trust = trust
    }
  }

  struct Entry: Sendable {
    var file: PluginFile
    var info: PluginInfo
    var plugin: LoadedPlugin?
    // True once the loader has mapped it.
    var wasOpened = false
    // What was looked at, to see later whether the file changed.
    var identity: PluginFile.Identity?
  }
  struct State: Sendable {
    var entries: [Entry] = []
    var faults: FaultFile?
  }

  let options: Options
  let state: Mutex<State>
  private let clock: any Clock
  let journal: SteppingJournal?

  /// Looks through the folders and loads what may be loaded. Throws `storeFailed` when the stepping
  /// journal cannot be kept; a plugin that is refused is only listed.
  public init(_ options: Options, clock: any Clock) throws(KinoraError) {
    self.options = options
    self.clock = clock
    var first = State()
    if let path = options.stepping {
      let (journal, left) = try SteppingJournal.open(path)
      var faults = FaultFile(path + ".faulted")
      let files = PluginRegistry.files(options.folders)
      faults.take(left) { name in
        files.first { $0.name == name }.flatMap { PluginFile.Identity($0.path)?.text }
      }
      try faults.save()
      self.journal = journal
      first.faults = faults
    } else {
      journal = nil
    }
    state = Mutex(first)
    reload()
  }

  /// One step; see `Plugins`.
  public func step(plugin name: String, event: PluginEvent) throws(KinoraError) -> PluginStep {
    try guarded(name) { (plugin) throws(KinoraError) in try plugin.step(event) }
  }

  /// Calls into a plugin: journalled, so that a trap is found out at the next start, measured, and a
  /// breach of the contract counted.
  func guarded<R>(
    _ name: String, _ body: (LoadedPlugin) throws(KinoraError) -> R
  ) throws(KinoraError) -> R {
    let plugin = try callable(name)
    let start = clock.steady()
    do throws(KinoraError) {
      let made =
        if let journal {
          try journal.during(name) { () throws(KinoraError) in try body(plugin) }
        } else {
          try body(plugin)
        }
      measured(name, since: start)
      return made
    } catch {
      measured(name, since: start)
      if error.code == .pluginFault { faulted(name, error) }
      throw error
    }
  }

  /// Everything that was looked at, in the order it was found.
  public func list() -> [PluginInfo] { state.withLock { $0.entries.map(\.info) } }

  /// A loaded plugin by name.
  public func plugin(_ name: String) -> LoadedPlugin? {
    state.withLock { $0.entries.first { $0.file.name == name && $0.plugin != nil }?.plugin }
  }

  private func callable(_ name: String) throws(KinoraError) -> LoadedPlugin {
    let found = state.withLock { state -> (PluginInfo?, LoadedPlugin?) in
      // A refused file of the same name may come before the one that counts.
      let same = state.entries.filter { $0.file.name == name }
      let entry = same.first { $0.plugin != nil } ?? same.first
      return (entry?.info, entry?.plugin)
    }
    if let plugin = found.1, found.0?.state == .loaded || found.0?.state == .changed {
      return plugin
    }
    guard let info = found.0 else {
      throw KinoraError(.unavailable, "there is no plugin \(printable(name))")
    }
    throw KinoraError(
      .unavailable, "the plugin \(info.name) is \(info.state.rawValue): \(info.detail)")
  }

  private func measured(_ name: String, since start: Milliseconds) {
    guard clock.steady() - start > Limits.slowStepMilliseconds else { return }
    change(name) { $0.info.isSlow = true }
  }

  private func faulted(_ name: String, _ error: KinoraError) {
    change(name) { entry in
      entry.info.faults += 1
      guard entry.info.faults >= Limits.pluginFaults else { return }
      entry.info.state = .faulted
      entry.info.detail =
        "it broke its contract \(entry.info.faults) times, last: \(error.message). Mend it and "
        + "restart, or clear its faults"
    }
  }

  private func change(_ name: String, _ body: (inout Entry) -> Void) {
    state.withLock { state in
      if let at = state.entries.firstIndex(where: { $0.file.name == name && $0.plugin != nil }) {
        body(&state.entries[at])
      }
    }
  }
}
