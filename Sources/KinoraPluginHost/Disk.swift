import Glibc

/// The few file operations of this module, in whole files.
enum Disk {
  /// The names in a folder, sorted; nil when it cannot be read.
  static func names(in folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// A path from the root; one that is not is taken from the working folder.
  static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return "\(String(cString: folder))/\(path)"
  }

  /// A whole file of at most `limit` bytes; nil when it cannot be read or is longer.
  static func read(_ path: String, limit: Int) -> [UInt8]? {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    return read(fd, limit: limit)
  }

  /// The same of an open file, from its start.
  static func read(_ fd: Int32, limit: Int) -> [UInt8]? {
    var facts = stat()
    guard fstat(fd, &facts) == 0, facts.st_size >= 0, facts.st_size <= limit else { return nil }
    let size = Int(facts.st_size)
    var done = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while done < size {
        let got = pread(fd, buffer.baseAddress.map { $0 + done }, size - done, off_t(done))
        guard got > 0 else { break }
        done += got
      }
      count = done
    }
    return done == size ? bytes : nil
  }

  /// Replaces a file as a whole: temporary name, fsync, rename.
  static func replace(_ path: String, with bytes: [UInt8]) -> Bool {
    let temporary = path + ".new"
    let fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard fd >= 0 else { return false }
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes {
        write(fd, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      guard put > 0 else { break }
      done += put
    }
    let isSafe = done == bytes.count && fsync(fd) == 0
    close(fd)
    return isSafe && rename(temporary, path) == 0
  }
}
