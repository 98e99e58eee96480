import CSys
import Glibc
import KinoraCore
import KinoraModel
import KinoraStore
import KinoraTransport
import Synchronization

/// Ends the daemon, or makes a disk fail, at a named moment. Compiled in, off unless the environment
/// says otherwise, so that what is tested is what ships.
///
/// `KINORA_CRASH=POINT:N` sends SIGKILL at the Nth passing of POINT. N counts over the state directory
/// and not over the process: the count is kept in a file, so that a job that crashes at every start
/// gets past the point in the end. `KINORA_FAIL_FSYNC=PART:N` lets the Nth fsync of a path that
/// contains PART fail with EIO.
enum TestSwitches {
  /// Every point there is.
  static let points = CrashPoints.engine + CrashPoints.storePoints + TransportPoint.all

  static func crashPoints(state: String) -> CrashPoints {
    guard let (name, limit) = counted("KINORA_CRASH") else { return .off }
    let lock = Mutex(())
    return CrashPoints { point in
      guard point == name else { return }
      lock.withLock { _ in
        if count(in: "\(state)/crash-\(name).count") == limit { kn_die() }
      }
    }
  }

  static func faults() -> FaultHooks {
    guard let (part, limit) = counted("KINORA_FAIL_FSYNC") else { return .none }
    let seen = Mutex(0)
    var hooks = FaultHooks()
    hooks.fsync = { path in
      guard path.contains(part) else { return 0 }
      return seen.withLock { seen in
        seen += 1
        return seen == limit ? EIO : 0
      }
    }
    return hooks
  }

  private static func counted(_ variable: String) -> (String, Int)? {
    guard let value = getenv(variable).map({ String(cString: $0) }),
      let colon = value.lastIndex(of: ":"), let n = Int(value[value.index(after: colon)...])
    else { return nil }
    return (String(value[..<colon]), n)
  }

  /// Adds one to a count in a file. The page cache outlives SIGKILL, so no fsync is needed.
  private static func count(in path: String) -> Int {
    let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard fd >= 0 else { return 0 }
    defer { close(fd) }
    var buffer = [UInt8](repeating: 0, count: 32)
    let length = pread(fd, &buffer, buffer.count, 0)
    let before = Int(String(decoding: buffer[..<max(0, length)], as: UTF8.self)) ?? 0
    let text = Array(String(before + 1).utf8)
    _ = text.withUnsafeBytes { pwrite(fd, $0.baseAddress, $0.count, 0) }
    return before + 1
  }
}
