extension JSON {
  /// Nesting that is still read.
  static let deepest = 64

  /// Reads JSON as providers write it: a byte order mark and white space around it are passed over, of a
  /// key that stands twice the first counts, bytes that are not UTF-8 and lone surrogates become
  /// U+FFFD. Nil when it is not JSON.
  public init?(reading bytes: [UInt8]) {
    guard let json = bytes.withUnsafeBytes({ JSON(reading: $0) }) else { return nil }
    self = json
  }

  /// The same over borrowed bytes.
  init?(reading bytes: UnsafeRawBufferPointer) {
    var reader = JSONReader(bytes)
    guard let json = reader.whole() else { return nil }
    self = json
  }
}

struct JSONReader {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func whole() -> JSON? {
    if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { at = 3 }
    guard let json = value(depth: 0) else { return nil }
    skip()
    return at == bytes.count ? json : nil
  }

  private mutating func skip() {
    while at < bytes.count {
      let byte = bytes[at]
      guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return }
      at += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skip()
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func value(depth: Int) -> JSON? {
    guard depth <= JSON.deepest else { return nil }
    skip()
    guard at < bytes.count else { return nil }
    switch bytes[at] {
    case UInt8(ascii: "{"): return object(depth)
    case UInt8(ascii: "["): return array(depth)
    case UInt8(ascii: "\""): return string().map { .string($0) }
    case UInt8(ascii: "t"): return word("true", .bool(true))
    case UInt8(ascii: "f"): return word("false", .bool(false))
    case UInt8(ascii: "n"): return word("null", .null)
    default: return number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSON) -> JSON? {
    let n = text.utf8CodeUnitCount
    guard at + n <= bytes.count else { return nil }
    for i in 0..<n where bytes[at + i] != text.utf8Start[i] { return nil }
    at += n
    return value
  }

  private mutating func object(_ depth: Int) -> JSON? {
    at += 1
    var members: [JSON.Member] = []
    if take(UInt8(ascii: "}")) { return .object([]) }
    members.reserveCapacity(8)
    repeat {
      skip()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\""), let key = string(),
        take(UInt8(ascii: ":")), let value = value(depth: depth + 1)
      else { return nil }
      members.append(JSON.Member(key, value))
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}")) ? .object(members) : nil
  }

  private mutating func array(_ depth: Int) -> JSON? {
    at += 1
    var items: [JSON] = []
    if take(UInt8(ascii: "]")) { return .array([]) }
    repeat {
      guard let item = value(depth: depth + 1) else { return nil }
      items.append(item)
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]")) ? .array(items) : nil
  }

  private mutating func string() -> String? {
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != 0x22, bytes[at] != 0x5c { at += 1 }
    guard at < bytes.count else { return nil }
    if bytes[at] == 0x22 {
      defer { at += 1 }
      return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
    }
    var buffer = Array(bytes[start..<at])
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == 0x22 { return String(decoding: buffer, as: UTF8.self) }
      if byte != 0x5c {
        buffer.append(byte)
      } else if !escape(&buffer) {
        return nil
      }
    }
    return nil
  }

  private mutating func escape(_ buffer: inout [UInt8]) -> Bool {
    guard at < bytes.count else { return false }
    let byte = bytes[at]
    at += 1
    switch byte {
    case 0x22, 0x5c, 0x2f: buffer.append(byte)
    case UInt8(ascii: "b"): buffer.append(0x08)
    case UInt8(ascii: "f"): buffer.append(0x0c)
    case UInt8(ascii: "n"): buffer.append(0x0a)
    case UInt8(ascii: "r"): buffer.append(0x0d)
    case UInt8(ascii: "t"): buffer.append(0x09)
    case UInt8(ascii: "u"):
      guard var code = hex4(at) else { return false }
      at += 4
      if (0xd800..<0xdc00).contains(code), at + 2 <= bytes.count, bytes[at] == 0x5c,
        bytes[at + 1] == UInt8(ascii: "u"), let low = hex4(at + 2), (0xdc00..<0xe000).contains(low)
      {
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        at += 6
      }
      let scalar = UnicodeScalar(code) ?? "\u{FFFD}"
      buffer.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default: return false
    }
    return true
  }

  private func hex4(_ from: Int) -> UInt32? {
    guard from + 4 <= bytes.count else { return nil }
    var code: UInt32 = 0
    for i in from..<from + 4 {
      switch bytes[i] {
      case 0x30...0x39: code = code << 4 | UInt32(bytes[i] - 0x30)
      case 0x41...0x46: code = code << 4 | UInt32(bytes[i] - 0x37)
      case 0x61...0x66: code = code << 4 | UInt32(bytes[i] - 0x57)
      default: return nil
      }
    }
    return code
  }

  private mutating func number() -> JSON? {
    let start = at
    var isWhole = true
    loop: while at < bytes.count {
      switch bytes[at] {
      case 0x30...0x39, 0x2d: break
      case 0x2e, 0x2b, 0x45, 0x65: isWhole = false
      default: break loop
      }
      at += 1
    }
    // Neither "-.5" nor "5." is JSON; Double() refuses the rest of what the loop let through.
    guard at > start, (0x30...0x39).contains(bytes[at - 1]), bytes[start] != 0x2e,
      bytes[start] != 0x2b
    else { return nil }
    let text = String(
      decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
    if isWhole, let value = Int64(text) { return .integer(value) }
    return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
  }
}
