/// Percent-encoding of URLs (RFC 3986 §2.1).
public enum PercentCoding {
  /// The text behind `%41` and the like; nil for a `%` without two hex digits, for a NUL, and for
  /// bytes that are no UTF-8.
  public static func decode(_ text: some StringProtocol, plusIsBlank: Bool = false) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(hex), let low = rest.next().flatMap(hex) else {
          return nil
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsBlank: bytes.append(0x20)
      default: bytes.append(byte)
      }
    }
    if bytes.contains(0) { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }
}

extension HTTPRequest {
  /// The path's decoded segments: `/v1/videos/a%20b` is `["v1", "videos", "a b"]`, `/` is `[""]`.
  /// Nil when a segment is badly encoded, is `.` or `..`, or hides a slash.
  public var segments: [String]? {
    var segments: [String] = []
    for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let text = PercentCoding.decode(part), text != ".", text != "..",
        !text.utf8.contains(UInt8(ascii: "/"))
      else { return nil }
      segments.append(text)
    }
    return segments
  }
}
