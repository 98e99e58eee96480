import Glibc

/// Files with secrets in them, replaced whole or not at all.
enum PrivateFile {
  /// Puts `bytes` where `path` is, with mode 0600, the old file's owner and no moment at which there is
  /// neither. They are on the disk when it returns. Gives why not, or nil.
  static func replace(_ path: String, with bytes: [UInt8]) -> String? {
    guard let slash = path.lastIndex(of: "/") else { return "not an absolute path" }
    let folder = String(path[...slash])
    // A name with a dot: no pattern of logins takes it for one.
    let fresh = "\(folder).\(path[path.index(after: slash)...]).new"
    unlink(fresh)
    let file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { return String(cString: strerror(errno)) }
    var info = stat()
    let isNew = stat(path, &info) != 0
    var done = 0
    while done < bytes.count {
      let n = bytes.withUnsafeBytes {
        write(file, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      if n < 0, errno == EINTR { continue }
      if n <= 0 { break }
      done += n
    }
    let isOwned = isNew || info.st_uid == geteuid() || fchown(file, info.st_uid, info.st_gid) == 0
    let isWhole = isOwned && done == bytes.count && fsync(file) == 0
    var failure = isWhole ? 0 : errno
    close(file)
    if failure == 0, rename(fresh, path) != 0 { failure = errno }
    guard failure == 0, isWhole else {
      unlink(fresh)
      return String(cString: strerror(failure))
    }
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if directory >= 0 {
      fsync(directory)
      close(directory)
    }
    return nil
  }

  /// All of a file of at most `longest` bytes, or nil.
  static func read(_ path: String, longest: Int) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return [UInt8](unsafeUninitializedCapacity: longest) { buffer, count in
      while count < buffer.count {
        let n = Glibc.read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        if n < 0, errno == EINTR { continue }
        if n <= 0 { break }
        count += n
      }
    }
  }
}
