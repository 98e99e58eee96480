/// Decodes the escapes of one JSON string (RFC 8259 §7) that comes in pieces, cut anywhere.
struct JSONStringDecoder: Sendable {
  private enum Place {
    case plain, escape
    case hex(Int)
  }

  /// For whoever looks for the closing quote: the next byte is escaped.
  var willEscape = false
  private var place = Place.plain
  private var unit: UInt32 = 0
  private var high: UInt32?

  /// True when no escape and no surrogate pair is half done.
  var isWhole: Bool {
    if case .plain = place { high == nil } else { false }
  }

  /// The decoded bytes; nil for an escape that JSON does not have, or half a surrogate pair.
  mutating func decode(_ raw: some Collection<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(raw.count)
    for byte in raw {
      switch place {
      case .plain:
        if byte == UInt8(ascii: "\\") {
          place = .escape
        } else {
          guard high == nil else { return nil }
          out.append(byte)
        }
      case .escape:
        place = .plain
        if byte == UInt8(ascii: "u") {
          place = .hex(4)
          unit = 0
          continue
        }
        guard high == nil, let plain = Self.short(byte) else { return nil }
        out.append(plain)
      case .hex(let left):
        guard let digit = Self.digit(byte) else { return nil }
        unit = unit << 4 | digit
        place = left > 1 ? .hex(left - 1) : .plain
        if left == 1, !finish(&out) { return nil }
      }
    }
    return out
  }

  private mutating func finish(_ out: inout [UInt8]) -> Bool {
    if let first = high {
      guard (0xdc00...0xdfff).contains(unit),
        let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (unit - 0xdc00))
      else { return false }
      high = nil
      out.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
      return true
    }
    if (0xd800...0xdbff).contains(unit) {
      high = unit
      return true
    }
    guard let scalar = Unicode.Scalar(unit) else { return false }
    out.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
    return true
  }

  private static func short(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "t"): 0x09
    default: nil
    }
  }

  private static func digit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x37)
    case 0x61...0x66: UInt32(byte - 0x57)
    default: nil
    }
  }
}
