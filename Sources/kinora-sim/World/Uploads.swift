import KinoraModel
import Synchronization

/// Files that clients sent ahead. Only their names are kept.
final class Uploads: Sendable {
  private let journal: Journal
  private let names: Mutex<Set<String>>

  init(journal: Journal, past: [JSON]) {
    self.journal = journal
    names = Mutex(Set(past.compactMap { $0["upload"]?.string }))
  }

  func contains(_ name: String) -> Bool { names.withLock { $0.contains(name) } }

  /// Forgets all; the file is emptied by the journal.
  func clear() { names.withLock { $0 = [] } }

  func add(_ name: String, mime: String, bytes: Int) async {
    _ = names.withLock { $0.insert(name) }
    let line: JSON = ["upload": .string(name), "mime": .string(mime), "bytes": JSON(bytes)]
    await journal.durable(journal.append(.jobs, line.bytes))
  }
}
