extension JSON {
  /// The value, `null` for nil.
  public init(_ value: String?) { self = value.map { .string($0) } ?? .null }
  /// The value, `null` for nil.
  public init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
  /// The value, `null` for nil.
  public init(_ value: Int64?) { self = value.map { .integer($0) } ?? .null }
  /// The value, `null` for nil; a whole number becomes an integer.
  public init(_ value: Double?) {
    guard let value else {
      self = .null
      return
    }
    self = Int64(exactly: value).map { .integer($0) } ?? .number(value)
  }
  /// The value, `null` for nil.
  public init(_ value: Bool?) { self = value.map { .bool($0) } ?? .null }

  /// The text, `null` for an empty one.
  public init(unlessEmpty text: String) { self = text.isEmpty ? .null : .string(text) }
  /// The list, `null` for an empty one.
  public init(unlessEmpty items: [JSON]) { self = items.isEmpty ? .null : .array(items) }

  /// An object of the fields that have a value, in this order: those that are `null` are left out.
  public static func fields(_ fields: KeyValuePairs<String, JSON>) -> JSON {
    .object(fields.filter { !$0.value.isNull }.map { Member($0.key, $0.value) })
  }

  /// The value as compact JSON text.
  public var written: String { String(decoding: bytes, as: UTF8.self) }

  /// Sets each member of `other`, such as a job's options; of an equal name the new one stays.
  public mutating func merge(_ other: JSON) {
    for member in other.members { self[member.key] = member.value }
  }

  /// An input's bytes as base64, in a request's body. `null` when the input has no stored bytes.
  public static func base64(_ input: Job.Input) -> JSON {
    input.ref.map { .media(ref: $0, prefix: "") } ?? .null
  }

  /// An input's bytes as a `data:` URL, in a request's body. `null` when it has no stored bytes.
  public static func dataURL(_ input: Job.Input) -> JSON {
    input.ref.map { .media(ref: $0, prefix: "data:\(input.mime);base64,") } ?? .null
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}
