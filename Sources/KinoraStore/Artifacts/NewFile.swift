import Glibc
import KinoraModel

/// A file that must not be there yet, written front to back.
struct NewFile: ~Copyable {
  private let path: String
  private let faults: FaultHooks
  private let descriptor: Int32

  /// Makes it. Throws `storageFull` or `storeFailed`.
  init(_ path: String, _ faults: FaultHooks) throws(KinoraError) {
    let made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard made >= 0 else { throw Self.failure("open", path, errno) }
    self.path = path
    self.faults = faults
    descriptor = made
  }

  deinit { close(descriptor) }

  /// Appends. Throws `storageFull` or `storeFailed`; a part may be written then.
  func write(_ bytes: [UInt8]) throws(KinoraError) {
    let failed = bytes.withUnsafeBytes { faults.writeAll(descriptor, path, $0) }
    if failed != 0 { throw Self.failure("write", path, failed) }
  }

  private static func failure(_ call: String, _ path: String, _ code: Int32) -> KinoraError {
    KinoraError(
      code == ENOSPC || code == EDQUOT ? .storageFull : .storeFailed,
      "\(call) \(path): \(describe(errno: code))")
  }
}
