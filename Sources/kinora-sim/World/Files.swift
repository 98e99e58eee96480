import Glibc

/// Small file chores.
enum Files {
  /// Writes everything, or says false with errno set.
  static func write(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { raw in
      var done = 0
      while done < raw.count, let start = raw.baseAddress {
        let n = Glibc.write(descriptor, start + done, raw.count - done)
        if n < 0 {
          if errno == EINTR { continue }
          return false
        }
        done += n
      }
      return true
    }
  }

  /// A whole file, or nil.
  static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let length = lseek(descriptor, 0, SEEK_END)
    return length < 0 ? nil : bytes(descriptor, at: 0, count: Int(length))
  }

  /// Writes a file that only its owner reads, whole or not at all.
  static func replace(_ path: String, _ bytes: [UInt8]) {
    let descriptor = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    if write(descriptor, bytes) { rename(path + ".new", path) }
  }

  /// Up to `count` bytes from an offset; fewer at the end of the file.
  static func bytes(_ descriptor: Int32, at offset: Int64, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let start = buffer.baseAddress {
        let n = pread(descriptor, start + filled, count - filled, Int(offset) + filled)
        if n < 0, errno == EINTR { continue }
        if n <= 0 { break }
        filled += n
      }
    }
  }

  /// Makes a folder and those above it; true when it is there.
  static func makeFolder(_ path: String) -> Bool {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      return false
    }
    return makeFolder(String(path[..<slash])) && mkdir(path, 0o700) == 0
  }
}

/// A descriptor that is closed with its last owner.
final class OwnedDescriptor: Sendable {
  let number: Int32
  init(_ number: Int32) { self.number = number }
  deinit { close(number) }
}
