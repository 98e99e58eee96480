import Glibc

extension UnsafeRawBufferPointer {
  /// Where `needle` begins first.
  func firstIndex(ofSequence needle: [UInt8]) -> Int? {
    guard let base = baseAddress, let first = needle.first else { return nil }
    var at = 0
    while count - at >= needle.count {
      let span = count - at - needle.count + 1
      guard let found = memchr(base + at, Int32(first), span) else { return nil }
      if memcmp(found, needle, needle.count) == 0 { return UnsafeRawPointer(found) - base }
      at = UnsafeRawPointer(found) - base + 1
    }
    return nil
  }

  /// Length of the longest tail that is a beginning of `needle` and shorter than it.
  func tailMatching(_ needle: [UInt8]) -> Int {
    guard let base = baseAddress, !needle.isEmpty else { return 0 }
    for length in stride(from: Swift.min(count, needle.count - 1), to: 0, by: -1)
    where memcmp(base + (count - length), needle, length) == 0 { return length }
    return 0
  }
}
