import Glibc
import KinoraModel

/// Remembers over restarts that paid submits are paused: a file in the state directory.
struct PauseMark {
  private let path: String

  init(_ stateDirectory: String) { path = stateDirectory + "/paused" }

  var isSet: Bool { access(path, F_OK) == 0 }

  /// Throws `storeFailed` when the mark cannot be made or removed.
  func set(_ paused: Bool) throws(KinoraError) {
    if paused {
      let fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      guard fd >= 0, fsync(fd) == 0 else {
        throw KinoraError(.storeFailed, "\(path): \(String(cString: strerror(errno)))")
      }
      close(fd)
    } else if unlink(path) != 0, errno != ENOENT {
      throw KinoraError(.storeFailed, "\(path): \(String(cString: strerror(errno)))")
    }
  }
}
