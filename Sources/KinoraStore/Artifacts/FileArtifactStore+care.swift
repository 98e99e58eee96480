import Glibc
public import KinoraModel
import Synchronization

extension FileArtifactStore {
  /// How old a file without a job must be before it is removed: one that was just stored may wait
  /// for the transaction that names it.
  public static let unreferencedLife: Milliseconds = 24 * 3_600_000

  /// What `verify` found.
  public enum Health: Sendable, Equatable {
    case sound
    case missing
    /// The bytes have another sum now.
    case changed(sha256: String)
  }

  /// Reads a file through and compares its sum. Throws `storeFailed` when it cannot be read.
  public func verify(sha256: String) async throws(KinoraError) -> Health {
    guard let path = address(sha256) else { return .missing }
    return try await pool.run { (_) throws(KinoraError) in
      let fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
      if fd < 0 && errno == ENOENT { return .missing }
      guard fd >= 0 else {
        throw KinoraError(.storeFailed, "\(path): \(describe(errno: errno))")
      }
      defer { Glibc.close(fd) }
      let found = try Adoption.hash(fd, path)
      return found == sha256 ? .sound : .changed(sha256: found)
    }
  }

  /// The sums of all files that were stored before `moment`.
  public func stored(before moment: Milliseconds) async throws(KinoraError) -> [String] {
    let root = root
    return try await pool.run { (_) throws(KinoraError) in
      var found: [String] = []
      for folder in Folder.names(in: root) {
        for name in Folder.names(in: root + "/" + folder) {
          var facts = stat()
          guard lstat("\(root)/\(folder)/\(name)", &facts) == 0 else { continue }
          if Milliseconds(facts.st_mtim.tv_sec) * 1000 < moment { found.append(folder + name) }
        }
      }
      return found
    }
  }

  /// Removes files that were stored before `moment`; what is gone already is no error.
  /// - Returns: how many bytes that gave back.
  public func remove(
    _ files: [String], storedBefore moment: Milliseconds = .max
  ) async throws(KinoraError) -> Int64 {
    let paths = files.compactMap { address($0) }
    return try await pool.run { (_) throws(KinoraError) in
      var freed: Int64 = 0
      for path in paths {
        // A file that gets the same name in this moment is new, and stays.
        self.naming.withLock { _ in
          var facts = stat()
          guard lstat(path, &facts) == 0, Milliseconds(facts.st_mtim.tv_sec) * 1000 < moment,
            unlink(path) == 0
          else { return }
          freed += Int64(facts.st_size)
        }
      }
      return freed
    }
  }

  /// Removes files that no job needs and that are older than `unreferencedLife`.
  /// - Returns: how many bytes that gave back.
  public func sweep(
    unreferencedIn store: SQLiteJobStore, now: Milliseconds
  ) async throws(KinoraError) -> Int64 {
    let moment = now - Self.unreferencedLife
    let old = try await stored(before: moment)
    return try await remove(store.unreferencedArtifacts(among: old), storedBefore: moment)
  }
}
