import Glibc
import KinoraModel

/// A few bytes beside the database: whether it was closed in order, and the last event number that
/// was published. Never fsynced: after a power cut it is behind, which harms nothing; after the
/// database was replaced by an older copy it is ahead, which is how that is noticed.
struct MarkFile: Sendable {
  /// What the file said when it was opened.
  let wasRunning: Bool
  /// The highest number that was published; 0 when not known.
  let head: Int64
  private let fd: Int32

  /// Opens or makes the file at `path`. One that cannot be understood counts as running.
  init(path: String) throws(KinoraError) {
    let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard fd >= 0 else {
      throw KinoraError(.storeFailed, "\(path): \(describe(errno: errno))")
    }
    self.fd = fd
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = buffer.withUnsafeMutableBytes { pread(fd, $0.baseAddress, $0.count, 0) }
    let words = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
      .split(whereSeparator: { $0 == " " || $0 == "\n" })
    wasRunning = words.first != "closed"
    head = words.count > 1 ? Int64(words[1]) ?? 0 : 0
  }

  /// Notes the state; called by one thread at a time.
  func write(isRunning: Bool, head: Int64) {
    let digits = String(head)
    let padded = String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits
    var text = (isRunning ? "active " : "closed ") + padded + "\n"
    text.withUTF8 { bytes in _ = pwrite(fd, bytes.baseAddress, bytes.count, 0) }
  }

  /// Lets go of the file.
  func close() { _ = Glibc.close(fd) }
}
