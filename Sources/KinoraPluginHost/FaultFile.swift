import KinoraModel

/// Which plugins ended a process, kept over restarts: one line each, `name kind identity`.
///
/// A trap is believed at once. A process that merely ended while a step ran (SIGKILL, a power cut of
/// the container) is believed the second time in a row, so that killing the daemon at a bad moment
/// does not switch a provider off, and a trap that left no mark (a stack overflow) costs two restarts.
struct FaultFile: Sendable {
  private enum Kind: String { case trap, suspect }
  private struct Entry: Sendable {
    var name: String
    var kind: Kind
    var identity: String
  }

  private let path: String
  private var entries: [Entry] = []

  /// Reads the file; a missing or damaged one accuses nobody.
  init(_ path: String) {
    self.path = path
    guard let bytes = Disk.read(path, limit: 1024 * 1024) else { return }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 3, let kind = Kind(rawValue: words[1]) else { continue }
      entries.append(Entry(name: words[0], kind: kind, identity: words[2]))
    }
  }

  /// Takes in what the last process left. `identity` names the bytes of a plugin's present file.
  mutating func take(_ left: [SteppingJournal.Left], identity: (String) -> String?) {
    var next = entries.filter { $0.kind == .trap }
    for one in left {
      guard let identity = identity(one.plugin) else { continue }
      let wasSuspect = entries.contains {
        $0.kind == .suspect && $0.name == one.plugin && $0.identity == identity
      }
      let kind: Kind = one.isTrap || wasSuspect ? .trap : .suspect
      if let at = next.firstIndex(where: { $0.name == one.plugin }) {
        if kind == .trap || next[at].kind == .suspect {
          next[at] = Entry(name: one.plugin, kind: kind, identity: identity)
        }
      } else {
        next.append(Entry(name: one.plugin, kind: kind, identity: identity))
      }
    }
    entries = next
  }

  /// Whether these bytes of a plugin ended a process. A replaced file is another one.
  func isFaulted(_ name: String, identity: String) -> Bool {
    entries.contains { $0.kind == .trap && $0.name == name && $0.identity == identity }
  }

  /// Forgets a plugin.
  mutating func clear(_ name: String) { entries.removeAll { $0.name == name } }

  /// Writes the file. Throws `storeFailed`.
  func save() throws(KinoraError) {
    let text = entries.map { "\($0.name) \($0.kind.rawValue) \($0.identity)\n" }.joined()
    guard Disk.replace(path, with: Array(text.utf8)) else {
      throw KinoraError(.storeFailed, "\(path) cannot be written")
    }
  }
}
