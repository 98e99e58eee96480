import Glibc

/// Looks at the raw lines of a head for what the parser lets pass: a line ended by LF alone, a line
/// continued by a leading blank (obs-fold), an empty field name.
///
/// RFC 9112 §2.2 permits a bare LF and §5.2 lets a server unfold; both have been used to smuggle
/// requests past a proxy that reads them otherwise, so both are refused here.
struct HeadScanner {
  private var previous: UInt8 = 0x0a
  private var atLineStart = true
  private var lineBytes = 0
  /// Bytes of the first line that is not empty, its end included: the request line. The parser
  /// takes several blanks where one belongs; its length tells.
  private(set) var firstLine = 0

  /// The next bytes. False as soon as the head is not acceptable.
  mutating func accept(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let base = bytes.baseAddress, let last = bytes.last else { return true }
    if atLineStart, Self.continues(bytes[0]) { return false }
    atLineStart = false
    var at = 0
    while let found = memchr(base + at, 0x0a, bytes.count - at) {
      let end = UnsafeRawPointer(found) - base
      if (end == 0 ? previous : bytes[end - 1]) != 0x0d { return false }
      lineBytes += end + 1 - at
      if firstLine == 0, lineBytes > 2 { firstLine = lineBytes }
      lineBytes = 0
      at = end + 1
      if at == bytes.count {
        atLineStart = true
      } else if Self.continues(bytes[at]) {
        return false
      }
    }
    lineBytes += bytes.count - at
    previous = last
    return true
  }

  private static func continues(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: ":")
  }
}
