import Glibc
import KinoraModel

/// A file that grows at its end, durably. Used by one thread at a time.
final class AppendFile: @unchecked Sendable {
  private let path: String
  private let faults: FaultHooks
  private var fd: Int32
  private var length: Int64

  /// Opens or makes the file; a new one's name is durable when this returns.
  init(path: String, faults: FaultHooks) throws(KinoraError) {
    self.path = path
    self.faults = faults
    fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    if fd < 0 { throw Self.failed("open", path, errno) }
    length = Int64(lseek(fd, 0, SEEK_END))
    if length == 0 {
      let code = faults.sync(folder: Self.folder(of: path))
      if code != 0 { throw Self.failed("fsync of the folder of", path, code) }
    }
  }

  /// All bytes.
  func contents() throws(KinoraError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(length))
    var done = 0
    while done < bytes.count {
      let (count, code) = bytes.withUnsafeMutableBytes { raw in
        let count = pread(
          fd, raw.baseAddress.map { $0 + done }, raw.count - done, off_t(done))
        return (count, errno)
      }
      if count < 0 && code == EINTR { continue }
      if count < 0 { throw Self.failed("read", path, code) }
      if count == 0 { break }
      done += count
    }
    return Array(bytes.prefix(done))
  }

  /// Takes away the last `count` bytes.
  func cut(last count: Int) throws(KinoraError) {
    guard ftruncate(fd, off_t(length) - off_t(count)) == 0 else {
      throw Self.failed("truncate", path, errno)
    }
    length -= Int64(count)
    let code = faults.sync(fd, path)
    if code != 0 { throw Self.failed("fsync", path, code) }
  }

  /// Adds bytes; they are on disk when this returns. Throws `storageFull` when there was no room
  /// and the file is as it was, else `storeFailed`.
  func append(_ bytes: [UInt8]) throws(KinoraError) {
    var code = bytes.withUnsafeBytes { faults.writeAll(fd, path, $0) }
    if code != 0 {
      let isFull = code == ENOSPC || code == EDQUOT
      if isFull && ftruncate(fd, off_t(length)) == 0 {
        throw KinoraError(.storageFull, "no space for \(path)")
      }
      throw Self.failed("write", path, code)
    }
    code = faults.sync(fd, path, dataOnly: true)
    if code != 0 { throw Self.failed("fsync", path, code) }
    length += Int64(bytes.count)
  }

  /// Puts a whole new content in the file's place, or leaves the old one.
  func replace(with bytes: [UInt8]) throws(KinoraError) {
    let fresh = path + ".new"
    let new = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
    if new < 0 { throw Self.failed("open", fresh, errno) }
    var code = bytes.withUnsafeBytes { faults.writeAll(new, fresh, $0) }
    if code == 0 { code = faults.sync(new, fresh) }
    if code == 0 && rename(fresh, path) != 0 { code = errno }
    if code != 0 {
      _ = Glibc.close(new)
      unlink(fresh)
      if code == ENOSPC || code == EDQUOT {
        throw KinoraError(.storageFull, "no space for \(fresh)")
      }
      throw Self.failed("replace", path, code)
    }
    _ = Glibc.close(fd)
    fd = new
    length = Int64(bytes.count)
    code = faults.sync(folder: Self.folder(of: path))
    if code != 0 { throw Self.failed("fsync of the folder of", path, code) }
  }

  func close() { _ = Glibc.close(fd) }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) }.flatMap { $0.isEmpty ? "/" : $0 } ?? "."
  }

  private static func failed(_ call: String, _ path: String, _ code: Int32) -> KinoraError {
    KinoraError(.storeFailed, "\(call) \(path): \(describe(errno: code))")
  }
}
