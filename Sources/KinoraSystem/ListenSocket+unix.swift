import CSys
import Glibc
public import KinoraModel

extension ListenSocket {
  /// Bytes of a Unix socket's path: `sun_path` of unix(7) less its final NUL.
  public static let unixPathBytes = 107

  /// Binds a Unix socket. Its folder is made (0755) when only that is missing.
  ///
  /// A socket file that nobody answers on is taken over when it is ours; one that is answered is
  /// left alone, and the error says by whom. All errors are `configuration`.
  public static func bindUnix(
    path: String, mode: UInt32, group: String? = nil
  ) throws(KinoraError) -> ListenSocket {
    guard path.hasPrefix("/") else { throw refusal("\(path) is not an absolute path") }
    guard path.utf8.count <= unixPathBytes else {
      throw refusal(
        "\(path) has \(path.utf8.count) bytes; a Unix socket's path has at most \(unixPathBytes)")
    }
    guard mode & ~0o777 == 0 else {
      throw KinoraError(
        .configuration, "a socket's mode has only permission bits", field: "listen.unix.mode",
        allowed: ["\"0600\"", "\"0660\"", "\"0666\""])
    }
    var groupID: UInt32?
    if let group {
      groupID = Principals.groupID(group)
      if groupID == nil {
        throw KinoraError(
          .configuration, "there is no group \(group)", field: "listen.unix.group")
      }
    }
    try prepareFolder(of: path)
    try clear(path)

    // 0600 until the group is right: nobody else may come in between.
    let descriptor = kn_listen_unix(path, 0o600, backlog)
    if descriptor < 0 { throw refusal("cannot listen on \(path): \(errnoText())") }
    if let groupID, chown(path, uid_t.max, groupID) != 0 {
      let why = errnoText()
      close(descriptor)
      unlink(path)
      throw KinoraError(
        .configuration, "cannot give \(path) to group \(group ?? ""): \(why)",
        field: "listen.unix.group")
    }
    if chmod(path, mode) != 0 { throw refusal("cannot set the mode of \(path): \(errnoText())") }
    return ListenSocket(descriptor: descriptor, kind: .unix, isInherited: false, name: path)
  }

  private static func refusal(_ message: String) -> KinoraError {
    KinoraError(.configuration, message, field: "listen.unix.path")
  }

  private static func prepareFolder(of path: String) throws(KinoraError) {
    let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
    if folder.isEmpty { return }
    var facts = stat()
    if stat(String(folder), &facts) != 0 {
      guard errno == ENOENT else { throw refusal("\(folder): \(errnoText())") }
      guard mkdir(String(folder), 0o755) == 0 else {
        throw refusal("cannot make the folder \(folder): \(errnoText())")
      }
      chmod(String(folder), 0o755)
      return
    }
    guard facts.st_mode & S_IFMT == S_IFDIR else { throw refusal("\(folder) is not a folder") }
    // Whoever may write the folder may put a socket of their own in our place.
    let isOpen = facts.st_mode & S_IWOTH != 0 && facts.st_mode & S_ISVTX == 0
    if isOpen { throw refusal("\(folder) can be written by everybody: chmod o-w \(folder)") }
  }

  // Makes sure that nothing is at `path`.
  private static func clear(_ path: String) throws(KinoraError) {
    var facts = stat()
    if lstat(path, &facts) != 0 {
      if errno == ENOENT { return }
      throw refusal("\(path): \(errnoText())")
    }
    guard facts.st_mode & S_IFMT == S_IFSOCK else {
      throw refusal("\(path) exists and is not a socket; it is left alone")
    }
    var peer = kn_peer()
    if kn_probe_unix(path, &peer) == 0 {
      throw refusal("\(path) is served by process \(peer.pid) (uid \(peer.uid))")
    }
    let number = errno
    switch number {
    case ENOENT: return
    case EAGAIN: throw refusal("\(path) is served by another process, whose queue is full")
    case ECONNREFUSED where facts.st_uid == geteuid(): break
    case ECONNREFUSED, EACCES:
      throw refusal("\(path) is a socket of uid \(facts.st_uid) and not ours to take; remove it")
    default: throw refusal("\(path): \(errnoText(number))")
    }
    if unlink(path) != 0, errno != ENOENT {
      throw refusal("cannot remove the stale socket \(path): \(errnoText())")
    }
  }
}
