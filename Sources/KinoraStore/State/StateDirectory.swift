import CSys
import Glibc
public import KinoraModel
import Synchronization

/// The folder that one daemon owns, for as long as this value lives.
///
/// It is locked with an fcntl lock on the file `lock`, which the kernel drops when the process ends,
/// however it ends. The lock belongs to the process: closing any other descriptor of that file
/// would drop it, so nothing else in this process may open it.
public final class StateDirectory: Sendable {
  /// The folder, without a slash at its end.
  public let path: String
  private let lock: Int32
  private let identity: Identity

  private struct Identity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
  }

  // fcntl never refuses a lock to the process that holds it already.
  private static let held = Mutex<Set<Identity>>([])

  /// Opens the folder, makes it (mode 0700) if it is not there, and locks it. Throws `unavailable`
  /// with the other's pid when a daemon runs on it, `configuration` when the folder cannot serve.
  public init(path: String) throws(KinoraError) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      throw Self.unfit(path, "cannot be made: \(describe(errno: errno))")
    }
    try Self.check(path)
    let file = path + "/lock"
    var facts = stat()
    if lstat(file, &facts) == 0 {
      let identity = Identity(device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino))
      if Self.held.withLock({ $0.contains(identity) }) { throw Self.taken(path, by: getpid()) }
    }
    let fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard fd >= 0 else {
      throw Self.unfit(path, "its file lock cannot be opened: \(describe(errno: errno))")
    }
    guard kn_lock(fd) == 0, fstat(fd, &facts) == 0 else {
      let holder = kn_lock_holder(fd)
      close(fd)
      throw Self.taken(path, by: holder)
    }
    lock = fd
    identity = Identity(device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino))
    let identity = identity
    _ = Self.held.withLock { $0.insert(identity) }
    // For people; the lock is what counts.
    var text = "\(getpid())\n"
    ftruncate(fd, 0)
    text.withUTF8 { _ = pwrite(fd, $0.baseAddress, $0.count, 0) }
  }

  deinit {
    let identity = identity
    _ = Self.held.withLock { $0.remove(identity) }
    close(lock)
  }

  private static func taken(_ path: String, by pid: Int32) -> KinoraError {
    KinoraError(
      .unavailable,
      "\(path) belongs to the kinorad that runs with pid \(pid); stop it, or give this one another "
        + "state directory", field: "state_dir")
  }

  private static func unfit(_ path: String, _ why: String) -> KinoraError {
    KinoraError(.configuration, "the state directory \(path) \(why)", field: "state_dir")
  }

  private static func check(_ path: String) throws(KinoraError) {
    var facts = stat()
    guard stat(path, &facts) == 0 else {
      throw unfit(path, "cannot be read: \(describe(errno: errno))")
    }
    guard facts.st_mode & S_IFMT == S_IFDIR else { throw unfit(path, "is not a directory") }
    guard facts.st_uid == geteuid() else {
      throw unfit(path, "belongs to uid \(facts.st_uid), kinorad runs as uid \(geteuid())")
    }
    guard facts.st_mode & 0o022 == 0 else {
      throw unfit(path, "can be written by others; chmod 0700 it")
    }
    if let name = try network(path) {
      throw unfit(
        path,
        "is on \(name): SQLite's locks and WAL need a local file system (sqlite.org/wal.html)")
    }
  }

  // Magic numbers from Linux' include/uapi/linux/magic.h and fs/smb.
  private static func network(_ path: String) throws(KinoraError) -> String? {
    let magic = kn_filesystem(path)
    guard magic >= 0 else { throw unfit(path, "cannot be examined: \(describe(errno: errno))") }
    switch magic {
    case 0x6969: return "NFS"
    case 0xff53_4d42, 0xfe53_4d42, 0x517b: return "SMB"
    case 0x5346_414f: return "AFS"
    case 0x00c3_6400: return "Ceph"
    case 0x0102_1997: return "9P"
    default: return nil
    }
  }
}
