/// Why a text is not JSON, and where.
public struct JSONSyntaxError: Error, Sendable, Equatable {
  /// What was found or missing.
  public var reason: String
  /// Byte offset, from 0.
  public var offset: Int

  /// Where that is, for a person who wrote the text: `line 3, after …"durations":[2,5,`.
  public func place(in bytes: [UInt8]) -> String {
    let before = bytes.prefix(offset)
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let near = before.suffix(24).split(separator: UInt8(ascii: "\n")).last ?? []
    return "line \(line), after …\(String(decoding: near, as: UTF8.self))"
  }
}

extension JSON {
  /// Nesting that is still read. Deeper input is hostile.
  public static let deepest = 64

  /// Reads one JSON text, strictly by RFC 8259: no byte order mark, no trailing bytes, valid UTF-8, no
  /// lone surrogates, no key twice in one object, at most `deepest` levels.
  public static func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSON {
    var result: Result<JSON, JSONSyntaxError> = .failure(
      JSONSyntaxError(reason: "empty", offset: 0))
    bytes.withUnsafeBytes { raw in
      do throws(JSONSyntaxError) {
        result = .success(try parse(raw))
      } catch {
        result = .failure(error)
      }
    }
    return try result.get()
  }

  /// The same over borrowed bytes.
  public static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONSyntaxError) -> JSON {
    var reader = JSONReader(bytes: bytes)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.at == bytes.count else { throw reader.error("unexpected text after the value") }
    return value
  }
}

private struct JSONReader {
  let bytes: UnsafeRawBufferPointer
  var at = 0

  func error(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(reason: reason, offset: at) }

  mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0a, 0x0d: at += 1
      default: return
      }
    }
  }

  mutating func value(depth: Int) throws(JSONSyntaxError) -> JSON {
    skipSpace()
    guard at < bytes.count else { throw error("the text ends where a value was due") }
    switch bytes[at] {
    case UInt8(ascii: "{") where depth == JSON.deepest,
      UInt8(ascii: "[") where depth == JSON.deepest:
      throw error("nested deeper than \(JSON.deepest) levels")
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  mutating func word(_ text: StaticString, _ value: JSON) throws(JSONSyntaxError) -> JSON {
    let n = text.utf8CodeUnitCount
    guard at + n <= bytes.count else { throw error("expected a value") }
    for i in 0..<n where bytes[at + i] != text.utf8Start[i] { throw error("expected a value") }
    at += n
    return value
  }

  mutating func object(depth: Int) throws(JSONSyntaxError) -> JSON {
    at += 1
    var members: [JSONMember] = []
    var seen: Set<String> = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
      at += 1
      return .object([])
    }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
        throw error("expected a key in double quotes")
      }
      let key = try string()
      guard seen.insert(key).inserted else { throw error("the key \"\(key)\" stands twice") }
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw error("expected ':'") }
      at += 1
      members.append(JSONMember(key, try value(depth: depth + 1)))
      guard try more(UInt8(ascii: "}")) else { return .object(members) }
    }
  }

  mutating func array(depth: Int) throws(JSONSyntaxError) -> JSON {
    at += 1
    var items: [JSON] = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
      at += 1
      return .array([])
    }
    while true {
      items.append(try value(depth: depth + 1))
      guard try more(UInt8(ascii: "]")) else { return .array(items) }
    }
  }

  /// True after a comma, false after the closing byte.
  mutating func more(_ close: UInt8) throws(JSONSyntaxError) -> Bool {
    skipSpace()
    guard at < bytes.count else { throw error("the text ends inside a list") }
    if bytes[at] == close {
      at += 1
      return false
    }
    guard bytes[at] == UInt8(ascii: ",") else {
      throw error("expected ',' or '\(Character(UnicodeScalar(close)))'")
    }
    at += 1
    return true
  }

  mutating func string() throws(JSONSyntaxError) -> String {
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") {
      guard bytes[at] >= 0x20 else { throw error("a control character inside a string") }
      at += 1
    }
    guard at < bytes.count else { throw error("a string without end") }
    if bytes[at] == UInt8(ascii: "\"") {
      defer { at += 1 }
      return try utf8(UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
    }
    var buffer = Array(bytes[start..<at])
    while true {
      guard at < bytes.count else { throw error("a string without end") }
      let byte = bytes[at]
      guard byte >= 0x20 else { throw error("a control character inside a string") }
      at += 1
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") { try escape(into: &buffer) } else { buffer.append(byte) }
    }
    var text: Result<String, JSONSyntaxError> = .success("")
    buffer.withUnsafeBytes { raw in
      do throws(JSONSyntaxError) {
        text = .success(try utf8(raw))
      } catch {
        text = .failure(error)
      }
    }
    return try text.get()
  }

  func utf8(_ raw: UnsafeRawBufferPointer) throws(JSONSyntaxError) -> String {
    guard let text = String(validating: raw.bindMemory(to: UInt8.self), as: UTF8.self) else {
      throw error("not UTF-8")
    }
    return text
  }

  mutating func escape(into buffer: inout [UInt8]) throws(JSONSyntaxError) {
    guard at < bytes.count else { throw error("a string without end") }
    defer { at += 1 }
    switch bytes[at] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(bytes[at])
    case UInt8(ascii: "b"): buffer.append(0x08)
    case UInt8(ascii: "f"): buffer.append(0x0c)
    case UInt8(ascii: "n"): buffer.append(0x0a)
    case UInt8(ascii: "r"): buffer.append(0x0d)
    case UInt8(ascii: "t"): buffer.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hex4(at + 1)
      at += 4
      if (0xd800..<0xdc00).contains(code), at + 6 < bytes.count,
        bytes[at + 1] == UInt8(ascii: "\\"), bytes[at + 2] == UInt8(ascii: "u")
      {
        let low = try hex4(at + 3)
        guard (0xdc00..<0xe000).contains(low) else { throw error("a lone surrogate") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        at += 6
      }
      guard let scalar = UnicodeScalar(code) else { throw error("a lone surrogate") }
      buffer.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default: throw error("an unknown escape")
    }
  }

  func hex4(_ from: Int) throws(JSONSyntaxError) -> UInt32 {
    guard from + 4 <= bytes.count else { throw error("a string without end") }
    var code: UInt32 = 0
    for i in from..<from + 4 {
      let digit: UInt8
      switch bytes[i] {
      case 0x30...0x39: digit = bytes[i] - 0x30
      case 0x41...0x46: digit = bytes[i] - 0x41 + 10
      case 0x61...0x66: digit = bytes[i] - 0x61 + 10
      default: throw error("expected four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
    }
    return code
  }

  mutating func number() throws(JSONSyntaxError) -> JSON {
    let start = at
    var whole = true
    func digit(_ i: Int) -> Bool { i < bytes.count && (0x30...0x39).contains(bytes[i]) }
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    guard digit(at) else { throw error("expected a value") }
    if bytes[at] == UInt8(ascii: "0"), digit(at + 1) { throw error("a number with a leading zero") }
    while digit(at) { at += 1 }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      whole = false
      at += 1
      guard digit(at) else { throw error("a fraction without digits") }
      while digit(at) { at += 1 }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      whole = false
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
        at += 1
      }
      guard digit(at) else { throw error("an exponent without digits") }
      while digit(at) { at += 1 }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if whole, let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw error("a number out of range") }
    return .number(value)
  }
}
