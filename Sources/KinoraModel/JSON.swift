/// A JSON value. Objects keep their order and hold each key once.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits 64 bits.
  case integer(Int64)
  /// Any other number.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([JSONMember])
}

/// One key and value of an object.
public struct JSONMember: Sendable, Equatable {
  /// The key, unescaped.
  public var key: String
  /// The value.
  public var value: JSON

  /// A member.
  public init(_ key: String, _ value: JSON) {
    self.key = key
    self.value = value
  }
}

extension JSON {
  /// An object's value for `key`; nil when there is none or this is not an object.
  public subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// An array's element; nil when out of range or not an array.
  public subscript(index: Int) -> JSON? {
    guard case .array(let items) = self, items.indices.contains(index) else { return nil }
    return items[index]
  }

  /// The string, or nil.
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The truth value, or nil.
  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// A whole number: an integer, or a number without fraction.
  public var integer: Int64? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int64(exactly: value)
    default: nil
    }
  }

  /// Any number.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The elements of an array, or nil.
  public var array: [JSON]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The members of an object, or nil.
  public var members: [JSONMember]? {
    if case .object(let value) = self { value } else { nil }
  }

  /// True for `null`.
  public var isNull: Bool { self == .null }

  /// What it is, as errors name it: `string`, `number`, …
  public var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer, .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  /// The same value with object keys sorted at every level: equal meaning, equal bytes.
  public var canonical: JSON {
    switch self {
    case .array(let items): .array(items.map(\.canonical))
    case .object(let members):
      .object(
        members.sorted { $0.key < $1.key }.map { JSONMember($0.key, $0.value.canonical) })
    case .number(let value): Int64(exactly: value).map { .integer($0) } ?? self
    default: self
    }
  }

  /// This object with one member set; a non-object becomes an object.
  public func setting(_ key: String, _ value: JSON) -> JSON {
    var list = members ?? []
    if let at = list.firstIndex(where: { $0.key == key }) {
      list[at].value = value
    } else {
      list.append(JSONMember(key, value))
    }
    return .object(list)
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { JSONMember($0.0, $0.1) })
  }

  /// The value, or `null` for nil.
  public init(_ value: String?) { self = value.map { .string($0) } ?? .null }
  /// The value, or `null` for nil.
  public init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
  /// The value, or `null` for nil.
  public init(_ value: Int64?) { self = value.map { .integer($0) } ?? .null }
  /// The value, or `null` for nil; a whole number becomes an integer.
  public init(_ value: Double?) {
    guard let value else {
      self = .null
      return
    }
    self = Int64(exactly: value).map { .integer($0) } ?? .number(value)
  }
  /// The value, or `null` for nil.
  public init(_ value: Bool?) { self = value.map { .bool($0) } ?? .null }
}

extension JSON: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    self = try JSON.parse(Array(text.utf8))
  }

  /// As one string that holds the JSON text: what is stored comes back as it was.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
