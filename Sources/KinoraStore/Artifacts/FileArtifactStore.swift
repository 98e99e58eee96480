import Glibc
public import KinoraModel
import Synchronization

/// Files under `artifacts/sha256/ab/cd…`, named by their content, and a temporary folder beside
/// them on the same file system.
///
/// A file gets its name only when it is whole, checked and on disk; storing it again changes
/// nothing. Work that blocks runs on two threads of its own.
public final class FileArtifactStore: ArtifactStore {
  /// Where the files are: `STATE/artifacts/sha256`.
  public let root: String
  let faults: FaultHooks
  let crash: CrashPoints
  let pool: WorkerPool<Void>
  /// Held while a file gets or loses its name.
  let naming = Mutex<Void>(())
  private let temporary: String
  private let counter = Atomic<UInt64>(0)

  /// Opens the store in the state directory and removes what earlier starts left in its temporary
  /// folder. `boot` names this start: letters and digits. Throws `storeFailed`.
  public init(
    directory: String, boot: String, faults: FaultHooks = .none, crash: CrashPoints = .off
  ) throws(KinoraError) {
    self.faults = faults
    self.crash = crash
    root = directory + "/artifacts/sha256"
    temporary = directory + "/tmp/" + boot
    for path in [directory + "/artifacts", root, directory + "/tmp"] { try Folder.make(path) }
    for old in Folder.names(in: directory + "/tmp") where old != boot {
      Folder.remove(directory + "/tmp/" + old)
    }
    try Folder.make(temporary)
    pool = try WorkerPool([Handover(()), Handover(())], name: "kinora-files")
  }

  public func temporaryPath() -> String {
    "\(temporary)/\(counter.add(1, ordering: .relaxed).newValue)"
  }

  public func discard(paths: [String]) async {
    try? await pool.run { (_) throws(KinoraError) in for path in paths { unlink(path) } }
  }

  public func path(sha256: String) -> String? {
    guard let path = address(sha256), access(path, R_OK) == 0 else { return nil }
    return path
  }

  public func freeFloor() -> Int64 {
    var facts = statvfs()
    guard statvfs(root, &facts) == 0 else { return Limits.freeDiskFloor }
    return min(
      Limits.freeDiskFloor, Int64(clamping: UInt64(facts.f_blocks) * UInt64(facts.f_frsize) / 20))
  }

  public func freeBytes() -> Int64 {
    var facts = statvfs()
    guard statvfs(root, &facts) == 0 else { return 0 }
    return Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
  }

  /// Throws `storageFull` unless `bytes` more leave the floor free.
  public func checkRoom(
    for bytes: Int64 = 0, floor: Int64 = Limits.freeDiskFloor
  ) throws(KinoraError) {
    let free = freeBytes()
    if free - bytes >= floor { return }
    throw KinoraError(
      .storageFull,
      "\(free / 1_048_576) MiB are free in \(root), \((floor + bytes) / 1_048_576) MiB are needed")
  }

  /// `expected` is `video`, `image`, `audio` or nil. Throws `badMedia` when the bytes are another
  /// medium, `assetUnusable` when they are damaged; the file at `path` is removed then. After
  /// `storageFull` it is still there: it may be the only copy of something paid for.
  public func adopt(path: String, expected: String?) async throws(KinoraError) -> Artifact {
    try await pool.run { (_) throws(KinoraError) in
      try Adoption(store: self, path: path, expected: expected).run()
    }
  }

  public func adopt(
    base64 path: String, expected: String?
  ) async throws(KinoraError) -> Artifact {
    let decoded = temporaryPath()
    let faults = faults
    return try await pool.run { (_) throws(KinoraError) in
      do throws(KinoraError) {
        try Base64File(from: path, to: decoded, faults: faults).decode()
        let artifact = try Adoption(store: self, path: decoded, expected: expected).run()
        unlink(path)
        return artifact
      } catch {
        unlink(decoded)
        // The text is the copy that stays when only the room was missing.
        if error.code != .storageFull { unlink(path) }
        throw error
      }
    }
  }

  public func adopt(dataURL: String, expected: String?) async throws(KinoraError) -> Artifact {
    let text = temporaryPath()
    let faults = faults
    do throws(KinoraError) {
      try await pool.run { (_) throws(KinoraError) in
        try NewFile(text, faults).write(Array(dataURL.utf8))
      }
      return try await adopt(base64: text, expected: expected)
    } catch {
      // Whoever has the address has the bytes: no copy need stay.
      unlink(text)
      throw error
    }
  }

  /// Waits for what is under way and ends the threads. The temporary folder is left to the next
  /// start.
  public func close() async { await pool.close() }

  /// The path that belongs to a sum; nil when it is no SHA-256 in lower-case hexadecimal.
  func address(_ sha256: String) -> String? {
    guard sha256.utf8.count == 64,
      sha256.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    return "\(root)/\(sha256.prefix(2))/\(sha256.dropFirst(2))"
  }
}
