import Glibc

/// Bytes of an open file at any position; what lies past the end is nil, never a trap.
struct RandomAccess {
  let fd: Int32
  let length: UInt64

  /// `count` bytes at `offset`, or nil when the file has fewer or cannot be read.
  func bytes(_ offset: UInt64, _ count: Int) -> [UInt8]? {
    guard count >= 0, offset <= length, UInt64(count) <= length - offset else { return nil }
    var buffer = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = buffer.withUnsafeMutableBytes { raw in
        pread(fd, raw.baseAddress.map { $0 + done }, count - done, off_t(offset) + off_t(done))
      }
      if got < 0 && errno == EINTR { continue }
      if got <= 0 { return nil }
      done += got
    }
    return buffer
  }

  /// The last bytes, at most `count`, with where they begin.
  func last(_ count: Int) -> (offset: UInt64, bytes: [UInt8])? {
    let size = Int(min(UInt64(count), length))
    let offset = length - UInt64(size)
    return bytes(offset, size).map { (offset, $0) }
  }
}

/// Reads numbers out of bytes; a number that is not wholly there is nil.
extension [UInt8] {
  func big(_ at: Int, _ count: Int) -> UInt64? {
    guard at >= 0, count <= 8, at <= self.count - count else { return nil }
    return self[at..<at + count].reduce(0) { $0 << 8 | UInt64($1) }
  }

  func little(_ at: Int, _ count: Int) -> UInt64? {
    guard at >= 0, count <= 8, at <= self.count - count else { return nil }
    return self[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Four characters at `at`, as ISO media files name things.
  func tag(_ at: Int) -> String? {
    guard at >= 0, at <= count - 4 else { return nil }
    return String(decoding: self[at..<at + 4], as: UTF8.self)
  }

  func begins(_ text: StaticString, at: Int = 0) -> Bool {
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    guard at >= 0, at <= count - wanted.count else { return false }
    return self[at..<at + wanted.count].elementsEqual(wanted)
  }
}
