import Glibc
import KinoraModel
import Synchronization

/// One temporary file on its way to its address: check, hash, fsync, rename, fsync of the folder.
/// A crash at any point leaves either nothing or a whole file that a repeat finds again.
struct Adoption {
  /// Bytes read at a time.
  static let pieceBytes = 1 << 18

  let store: FileArtifactStore
  let path: String
  let expected: String?

  func run() throws(KinoraError) -> Artifact {
    let fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard fd >= 0 else {
      throw KinoraError(.storeFailed, "\(path): \(describe(errno: errno))")
    }
    defer { close(fd) }
    do throws(KinoraError) {
      return try adopt(fd)
    } catch {
      if error.code != .storageFull { unlink(path) }
      throw error
    }
  }

  private func adopt(_ fd: Int32) throws(KinoraError) -> Artifact {
    var facts = stat()
    guard fstat(fd, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      throw KinoraError(.storeFailed, "\(path) is not a regular file")
    }
    let length = Int64(facts.st_size)
    guard length <= Limits.artifactBytes else {
      throw KinoraError(
        .assetUnusable, "it has \(length) bytes, \(Limits.artifactBytes) are the limit")
    }
    let media = try check(RandomAccess(fd: fd, length: UInt64(max(0, length))))
    let sha256 = try Self.hash(fd, path)
    try place(fd, sha256)
    var artifact = Artifact(sha256: sha256, bytes: length, mime: media.mime)
    artifact.width = media.width
    artifact.height = media.height
    artifact.durationMilliseconds = media.durationMilliseconds
    artifact.codec = media.codec
    return artifact
  }

  private func check(_ file: RandomAccess) throws(KinoraError) -> MediaFacts {
    let media: MediaFacts
    do throws(Damage) {
      media = try MediaFacts.read(file)
    } catch {
      throw KinoraError(
        .assetUnusable, "the \(expected ?? "file") is damaged: \(error.reason)")
    }
    if let expected, media.medium != expected {
      throw KinoraError(.badMedia, "\(expected) was expected, the bytes are \(media.mime)")
    }
    return media
  }

  /// SHA-256 of a whole file, in constant memory.
  static func hash(_ fd: Int32, _ path: String) throws(KinoraError) -> String {
    let sum = SHA256()
    var piece = [UInt8](repeating: 0, count: pieceBytes)
    var offset: off_t = 0
    while true {
      let (count, code) = piece.withUnsafeMutableBytes { raw in
        let count = pread(fd, raw.baseAddress, raw.count, offset)
        return (count, errno)
      }
      if count < 0 && code == EINTR { continue }
      guard count >= 0 else {
        throw KinoraError(.storeFailed, "read \(path): \(describe(errno: code))")
      }
      if count == 0 { break }
      piece.withUnsafeBytes { sum.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      offset += off_t(count)
    }
    guard let text = sum.finish() else {
      throw KinoraError(.internalError, "SHA-256 failed")
    }
    return text
  }

  private func place(_ fd: Int32, _ sha256: String) throws(KinoraError) {
    guard let target = store.address(sha256) else {
      throw KinoraError(.internalError, "no address for \(sha256)")
    }
    store.crash.pass("artifact.fsync.before")
    try must("fsync", path, store.faults.sync(fd, path))
    let folder = "\(store.root)/\(sha256.prefix(2))"
    if mkdir(folder, 0o700) == 0 {
      try must("fsync", store.root, store.faults.sync(folder: store.root))
    } else {
      let code = errno
      if code != EEXIST { try must("mkdir", folder, code) }
    }
    store.crash.pass("artifact.rename.before")
    // Over an older copy too: the new one was just read through, the old one may have rotted.
    let failed = store.naming.withLock { _ -> Int32 in
      // Its age counts from now: a download may have lain here for a day.
      futimens(fd, nil)
      return rename(path, target) == 0 ? 0 : errno
    }
    try must("rename", path, failed)
    store.crash.pass("artifact.rename.after")
    try must("fsync", folder, store.faults.sync(folder: folder))
  }

  private func must(_ call: String, _ path: String, _ code: Int32) throws(KinoraError) {
    if code == 0 { return }
    if code == ENOSPC || code == EDQUOT {
      throw KinoraError(.storageFull, "no space: \(call) \(path)")
    }
    throw KinoraError(.storeFailed, "\(call) \(path): \(describe(errno: code))")
  }
}
