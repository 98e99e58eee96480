public import KinoraModel
import Synchronization

extension PluginRegistry {
  /// Looks through the folders again. New files are loaded, refused ones tried again; a loaded file
  /// that changed or vanished is only marked, since it takes effect at restart.
  public func reload() {
    let files = PluginRegistry.files(options.folders)
    state.withLock { state in
      // In the folders' order, so that an earlier folder's new file is seen before a later one's.
      var next: [Entry] = []
      for file in files {
        let old = state.entries.first { $0.file == file }
        if let old, old.plugin != nil {
          next.append(marked(old))
        } else if let old, old.wasOpened {
          // The loader goes by path and would hand out what it mapped before.
          next.append(marked(old))
        } else if let old, old.info.state == .faulted,
          old.identity == PluginFile.Identity(file.path)
        {
          next.append(old)
        } else {
          next.append(looked(at: file, after: next, in: state))
        }
      }
      for old in state.entries where old.plugin != nil && !files.contains(old.file) {
        next.append(marked(old))
      }
      state.entries = next
    }
  }

  /// Gives a faulted plugin another chance: its count is zero again and what it did before the last
  /// restart is forgotten. Throws `notFound`, and `storeFailed` when that cannot be written.
  public func clearFaults(_ name: String) throws(KinoraError) {
    let outcome = state.withLock { state -> Result<Void, KinoraError> in
      guard let at = state.entries.firstIndex(where: { $0.file.name == name }) else {
        return .failure(KinoraError(.notFound, "there is no plugin \(printable(name))"))
      }
      if state.faults != nil {
        state.faults?.clear(name)
        do throws(KinoraError) {
          try state.faults?.save()
        } catch {
          return .failure(error)
        }
      }
      state.entries[at].info.faults = 0
      state.entries[at].info.isSlow = false
      guard state.entries[at].info.state == .faulted else { return .success(()) }
      if state.entries[at].plugin != nil {
        state.entries[at].info.state = .loaded
        state.entries[at].info.detail = ""
      } else {
        let before = Array(state.entries[..<at])
        state.entries[at] = looked(at: state.entries[at].file, after: before, in: state)
      }
      return .success(())
    }
    try outcome.get()
  }

  /// `kinora-*.so` of each folder, in order.
  static func files(_ folders: [String]) -> [PluginFile] {
    folders.map(Disk.absolute).flatMap { folder in
      (Disk.names(in: folder) ?? [])
        .filter { $0.hasPrefix("kinora-") && $0.hasSuffix(".so") }
        .map { PluginFile(folder.hasSuffix("/") ? folder + $0 : "\(folder)/\($0)") }
    }
  }

  private func marked(_ entry: Entry) -> Entry {
    var entry = entry
    let now = PluginFile.Identity(entry.file.path)
    guard entry.plugin != nil else {
      // Refused after it was mapped: what lies there now is looked at by the next process.
      if now != entry.identity { entry.info.state = .changed }
      if now != entry.identity { entry.info.detail = Self.replaced }
      return entry
    }
    guard entry.info.state != .faulted else { return entry }
    entry.info.state = now == entry.identity ? .loaded : .changed
    entry.info.detail =
      now == entry.identity
      ? "" : now == nil ? "its file is gone: it goes on working until restart" : Self.replaced
    return entry
  }

  private static let replaced = "its file was replaced: takes effect at restart"

  private func looked(at file: PluginFile, after earlier: [Entry], in state: State) -> Entry {
    var entry = Entry(
      file: file, info: PluginInfo(name: file.name, path: file.path, state: .loaded),
      identity: PluginFile.Identity(file.path))
    func refuse(_ state: PluginInfo.State, _ detail: String) -> Entry {
      entry.info.state = state
      entry.info.detail = detail
      entry.plugin = nil
      return entry
    }
    if options.disabled.contains(file.name) {
      return refuse(.disabled, "switched off in the configuration")
    }
    // A name that won once keeps it while the process lives, wherever a rival turns up.
    // A faulted one keeps it too: an older file must not step in silently.
    let winners =
      earlier.filter { $0.plugin != nil || $0.info.state == .faulted }
      + state.entries.filter { $0.plugin != nil && $0.file != file }
    if let winner = winners.first(where: { $0.file.name == file.name }) {
      return refuse(.shadowed, "\(winner.file.path) has the same name and comes first")
    }
    do throws(PluginFile.Refusal) {
      try file.inspect(trust: options.trust, sha256: options.sha256[file.name])
      if let faults = state.faults, let identity = entry.identity,
        faults.isFaulted(file.name, identity: identity.text)
      {
        return refuse(
          .faulted,
          "it ended the daemon while it was loaded or in the middle of a step: replace the file, or "
            + "clear its faults")
      }
      entry.wasOpened = true
      let plugin = try opened(file)
      entry.info.id = plugin.id
      entry.info.version = plugin.version
      entry.info.catalog = plugin.catalog
      if let winner = winners.first(where: { $0.info.id == plugin.id }) {
        return refuse(
          .shadowed, "\(winner.file.path) has the same id \(plugin.id) and comes first")
      }
      entry.plugin = plugin
      return entry
    } catch {
      return refuse(error.state, error.detail)
    }
  }
  /// A damaged file may end the process while it is linked; then the next start leaves it alone.
  private func opened(_ file: PluginFile) throws(PluginFile.Refusal) -> LoadedPlugin {
    guard let journal else { return try file.open() }
    return try journal.during(file.name, isLoading: true) { () throws(PluginFile.Refusal) in
      try file.open()
    }
  }
}
