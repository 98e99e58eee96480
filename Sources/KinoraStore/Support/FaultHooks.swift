import Glibc
public import KinoraModel

/// Lets a test, or a daemon that is told to, make the disk fail.
public struct FaultHooks: Sendable {
  /// Asked with the path before every fsync; an errno other than 0 is the fsync's result.
  public var fsync: (@Sendable (_ path: String) -> Int32)?
  /// Asked with the path and the byte count before every write to a file of the journal or of the
  /// artifacts; an errno other than 0 is the write's result.
  public var write: (@Sendable (_ path: String, _ bytes: Int) -> Int32)?

  /// The disk as it is.
  public static let none = FaultHooks()

  /// The disk as it is.
  public init() {}
}

extension CrashPoints {
  /// Every point that this module passes. A run that never meets one of them proves less than it
  /// says.
  public static let storePoints: [String] = [
    "store.commit.before", "store.commit.after",
    "journal.append.before", "journal.append.after",
    "artifact.fsync.before", "artifact.rename.before", "artifact.rename.after",
  ]
}

extension FaultHooks {
  /// fdatasync or fsync of `fd`; the errno, 0 for success.
  func sync(_ fd: Int32, _ path: String, dataOnly: Bool = false) -> Int32 {
    if let hook = fsync {
      let code = hook(path)
      if code != 0 { return code }
    }
    return (dataOnly ? fdatasync(fd) : Glibc.fsync(fd)) == 0 ? 0 : errno
  }

  /// Makes the entries of a folder durable; the errno, 0 for success.
  func sync(folder path: String) -> Int32 {
    let fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if fd < 0 { return errno }
    defer { close(fd) }
    return sync(fd, path)
  }

  /// Writes all bytes; the errno, 0 for success. A part may be written when it fails.
  func writeAll(_ fd: Int32, _ path: String, _ bytes: UnsafeRawBufferPointer) -> Int32 {
    if let hook = write {
      let code = hook(path, bytes.count)
      if code != 0 { return code }
    }
    guard let base = bytes.baseAddress else { return 0 }
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(fd, base + done, bytes.count - done)
      if count > 0 {
        done += count
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}
