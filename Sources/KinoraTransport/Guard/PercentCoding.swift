import KinoraModel

/// Percent-encoding of paths and queries (RFC 3986 §2, §3.3, §3.4).
enum PercentCoding {
  enum Part { case path, query, queryValue }

  /// Keeps what may stand in `part`, keeps whole escapes, encodes the rest. In a query value `%`,
  /// `&`, `+`, `=` and the like are data and are encoded as well.
  static func encode(_ bytes: some Collection<UInt8>, _ part: Part) throws(KinoraError) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var escape = 0
    for byte in bytes {
      if escape > 0 {
        guard isHex(byte) else { throw OutboundURL.refusal("the address has a broken % escape") }
        escape -= 1
        out.append(byte)
      } else if byte == UInt8(ascii: "%"), part != .queryValue {
        escape = 2
        out.append(byte)
      } else if isAllowed(byte, part) {
        out.append(byte)
      } else {
        out.append(UInt8(ascii: "%"))
        out.append(hex[Int(byte >> 4)])
        out.append(hex[Int(byte & 15)])
      }
    }
    guard escape == 0 else { throw OutboundURL.refusal("the address has a broken % escape") }
    return String(decoding: out, as: UTF8.self)
  }

  private static let hex = Array("0123456789ABCDEF".utf8)
  private static let marks = Set("-._~".utf8)
  private static let inPath = Set("-._~!$&'()*+,;=:@/".utf8)

  private static func isAllowed(_ byte: UInt8, _ part: Part) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default:
      switch part {
      case .path: inPath.contains(byte)
      case .query: inPath.contains(byte) || byte == UInt8(ascii: "?")
      case .queryValue: marks.contains(byte)
      }
    }
  }

  static func isHex(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
  }
}
