import Glibc

/// Small files, whole.
enum Files {
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func isExecutable(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  /// The bytes from an offset on, at most `most`; nil when it cannot be read.
  static func read(_ path: String, from offset: Int = 0, most: Int = 1 << 20) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while bytes.count < most {
      let count = pread(descriptor, &buffer, buffer.count, off_t(offset + bytes.count))
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      bytes += buffer[0..<count]
    }
    return bytes
  }

  /// The same as text.
  static func text(_ path: String, from offset: Int = 0) -> String? {
    read(path, from: offset).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Bytes of a file, 0 where there is none.
  static func size(_ path: String) -> Int {
    var info = stat()
    return stat(path, &info) == 0 ? Int(info.st_size) : 0
  }

  /// Writes beside it and renames over it: a reader sees the old or the new, never a part.
  static func replace(_ path: String, _ text: String, mode: mode_t = 0o600) throws(Failure) {
    let beside = "\(path).new"
    let descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw .system("cannot write \(beside)", errno) }
    defer { close(descriptor) }
    guard fchmod(descriptor, mode) == 0, append(descriptor, Array(text.utf8)) else {
      throw .system("cannot write \(beside)", errno)
    }
    guard rename(beside, path) == 0 else { throw .system("cannot write \(path)", errno) }
  }

  /// Writes all of it; false with `errno`.
  static func append(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { raw in
      var sent = 0
      while sent < raw.count {
        let count = write(descriptor, raw.baseAddress.map { $0 + sent }, raw.count - sent)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return false }
        sent += count
      }
      return true
    }
  }

  /// Makes a folder and those above it; the new ones are for the owner only unless told otherwise.
  static func makeFolders(_ path: String, mode: mode_t = 0o700) throws(Failure) {
    var at = ""
    for part in path.split(separator: "/") {
      at += "/\(part)"
      if mkdir(at, mode) != 0, errno != EEXIST {
        let number = errno
        if Files.exists(at) { continue }
        throw .system("cannot make the folder \(at)", number)
      }
    }
    var info = stat()
    guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
      throw .usage("\(path) is not a folder")
    }
  }

  /// The path from the root on, for one that may be relative to the working folder.
  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return "\(String(cString: folder))/\(path)"
  }

  /// The folder that a path is in.
  static func folder(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Where a symbolic link leads; nil when it is none.
  static func link(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
