extension JSON {
  /// Compact JSON text. Media, which have no text here, are written as their prefix.
  public var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.parts.isEmpty
      ? writer.bytes
      : writer.finish().flatMap { if case .bytes(let bytes) = $0 { bytes } else { [] as [UInt8] } }
  }

  /// The text as pieces of a body, with inputs between them where the value has media.
  var parts: [Body.Part] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.finish()
  }
}

struct JSONWriter {
  var bytes: [UInt8] = []
  private(set) var parts: [Body.Part] = []

  init() { bytes.reserveCapacity(256) }

  /// All pieces, the last bytes included.
  mutating func finish() -> [Body.Part] {
    if !bytes.isEmpty { parts.append(.bytes(bytes)) }
    bytes = []
    return parts
  }

  mutating func value(_ json: JSON) {
    switch json {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): bytes.append(contentsOf: String(value).utf8)
    case .number(let value):
      bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
    case .string(let value): string(value)
    case .array(let items):
      bytes.append(UInt8(ascii: "["))
      for (i, item) in items.enumerated() {
        if i > 0 { bytes.append(UInt8(ascii: ",")) }
        value(item)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (i, member) in members.enumerated() {
        if i > 0 { bytes.append(UInt8(ascii: ",")) }
        string(member.key)
        bytes.append(UInt8(ascii: ":"))
        value(member.value)
      }
      bytes.append(UInt8(ascii: "}"))
    case .media(let ref, let prefix):
      bytes.append(UInt8(ascii: "\""))
      escaped(prefix)
      parts.append(.bytes(bytes))
      parts.append(.inputBase64(ref: ref))
      bytes = [UInt8(ascii: "\"")]
    }
  }

  mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    escaped(text)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escaped(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      var start = 0
      for i in 0..<utf8.count {
        let byte = utf8[i]
        guard byte < 0x20 || byte == 0x22 || byte == 0x5c || byte == 0x7f else { continue }
        bytes.append(contentsOf: utf8[start..<i])
        start = i + 1
        bytes.append(0x5c)
        switch byte {
        case 0x22, 0x5c: bytes.append(byte)
        case 0x0a: bytes.append(UInt8(ascii: "n"))
        case 0x0d: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
          bytes.append(contentsOf: [0x75, 0x30, 0x30, hexDigit(byte >> 4), hexDigit(byte & 15)])
        }
      }
      bytes.append(contentsOf: utf8[start...])
    }
  }
}
