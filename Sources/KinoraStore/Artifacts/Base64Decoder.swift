/// Decodes base64 that comes in pieces (RFC 4648), both alphabets, with or without padding and line
/// ends. A `data:` prefix is passed over, so that a data URL is taken as it is.
struct Base64Decoder {
  enum Fault: Error {
    case character(UInt8, at: Int)
    case afterEnd(at: Int)
    case length(Int)
    case prefix
  }

  /// Longest prefix of a data URL that is looked at.
  private static let mostPrefix = 256

  private enum Place { case start, prefix, body, end }
  private var place = Place.start
  private var prefix: [UInt8] = []
  private var bits: UInt32 = 0
  private var held = 0
  private var digits = 0
  private var at = 0

  /// Decodes a piece and gives the bytes that are complete.
  mutating func decode(_ piece: some Sequence<UInt8>, into out: inout [UInt8]) throws(Fault) {
    for byte in piece {
      switch place {
      case .start, .prefix: try begin(byte, &out)
      case .body: try digit(byte, &out)
      case .end:
        guard byte == UInt8(ascii: "=") || Self.isSpace(byte) else { throw .afterEnd(at: at) }
      }
      at += 1
    }
  }

  /// Says that there is no more.
  mutating func finish(into out: inout [UInt8]) throws(Fault) {
    if place == .start || place == .prefix {
      for byte in prefix { try digit(byte, &out) }
      place = .body
    }
    // One digit left over has six bits: no byte.
    if digits % 4 == 1 { throw .length(digits) }
  }

  // No base64 text begins with `data:`, because a colon is no digit.
  private mutating func begin(_ byte: UInt8, _ out: inout [UInt8]) throws(Fault) {
    prefix.append(byte)
    let word = Array("data:".utf8)
    if prefix.count <= word.count {
      guard prefix.elementsEqual(word.prefix(prefix.count)) else { return try leavePrefix(&out) }
      place = .prefix
      return
    }
    if byte == UInt8(ascii: ",") {
      guard prefix.dropLast().suffix(7).elementsEqual(";base64".utf8) else { throw .prefix }
      prefix = []
      place = .body
    } else if prefix.count > Self.mostPrefix {
      throw .prefix
    }
  }

  private mutating func leavePrefix(_ out: inout [UInt8]) throws(Fault) {
    place = .body
    let text = prefix
    prefix = []
    for byte in text { try digit(byte, &out) }
  }

  private mutating func digit(_ byte: UInt8, _ out: inout [UInt8]) throws(Fault) {
    let value: UInt8
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
    case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
    case UInt8(ascii: "="):
      place = .end
      return
    default:
      if Self.isSpace(byte) { return }
      throw .character(byte, at: at)
    }
    digits += 1
    bits = bits << 6 | UInt32(value)
    held += 6
    if held >= 8 {
      held -= 8
      out.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x0a || byte == 0x0d || byte == 0x20 || byte == 0x09
  }
}

extension Base64Decoder.Fault {
  /// For an error's message.
  var reason: String {
    switch self {
    case .character(let byte, let at): "byte \(byte) at \(at) is no base64"
    case .afterEnd(let at): "more base64 after its padding, at \(at)"
    case .length(let digits): "\(digits) base64 digits: the text is cut off"
    case .prefix: "a data URL without ;base64"
    }
  }
}
