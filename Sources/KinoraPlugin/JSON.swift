/// A JSON value, light enough for a step: read leniently, written compactly, in the order given.
///
/// Reading a member that is not there gives ``null``, so a path needs no unwrapping:
/// `answer["data"][0]["url"].string`.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits 64 bits.
  case integer(Int64)
  /// Any other number.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])
  /// Only in a request's body: a string made of `prefix` and an input's bytes as base64.
  case media(ref: String, prefix: String)

  /// One key and its value.
  public struct Member: Sendable, Equatable {
    /// The key.
    public var key: String
    /// The value.
    public var value: JSON
    /// A member.
    public init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }
}

extension JSON {
  /// The member of an object, `null` where there is none. Setting `null` removes it; a member that is
  /// set in anything but an object makes it one.
  public subscript(key: String) -> JSON {
    get {
      guard case .object(let members) = self else { return .null }
      return members.first { $0.key == key }?.value ?? .null
    }
    set {
      var members = self.members
      if let at = members.firstIndex(where: { $0.key == key }) {
        if newValue == .null { members.remove(at: at) } else { members[at].value = newValue }
      } else if newValue != .null {
        members.append(Member(key, newValue))
      }
      self = .object(members)
    }
  }

  /// The element of an array, `null` where there is none.
  public subscript(index: Int) -> JSON {
    guard case .array(let items) = self, items.indices.contains(index) else { return .null }
    return items[index]
  }

  /// The value at a JSON pointer (RFC 6901), `/data/0/url`; `null` where there is none.
  public func at(_ pointer: String) -> JSON {
    var value = self
    for word in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      if case .array = value {
        value = Int(word).map { value[$0] } ?? .null
      } else {
        let key = word.contains("~") ? unescaped(word) : String(word)
        value = value[key]
      }
    }
    return value
  }

  private func unescaped(_ word: Substring) -> String {
    var key = ""
    var rest = word
    while let mark = rest.firstIndex(of: "~") {
      key += rest[..<mark]
      rest = rest[mark...]
      if rest.hasPrefix("~0") || rest.hasPrefix("~1") {
        key += rest.hasPrefix("~0") ? "~" : "/"
        rest = rest.dropFirst(2)
      } else {
        key += "~"
        rest = rest.dropFirst()
      }
    }
    return key + rest
  }

  /// The string, or nil.
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// A string, or a whole number as text: for ids that some providers write either way.
  public var text: String? {
    switch self {
    case .string(let value): value
    case .integer(let value): String(value)
    default: nil
    }
  }

  /// A provider's id of a job: a ``text`` that is one path segment. Throws `protocol` with `otherwise`.
  public func id(otherwise message: String = "the provider answered without an id")
    throws(Failure) -> String
  {
    guard let id = text, id.isPathSegment else { throw Failure(.protocol, message) }
    return id
  }

  /// The value itself; throws `protocol` with `otherwise` for `null`.
  public func required(otherwise message: String) throws(Failure) -> JSON {
    guard !isNull else { throw Failure(.protocol, message) }
    return self
  }

  /// The truth value, or nil.
  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// A whole number, also written with a fraction of zero, or nil.
  public var integer: Int64? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int64(exactly: value)
    default: nil
    }
  }

  /// The same as an `Int`.
  public var int: Int? { integer.map(Int.init) }

  /// A number, also one in a string, or nil.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .string(let value): Double(value).flatMap { $0.isFinite ? $0 : nil }
    default: nil
    }
  }

  /// US dollars as millionths, rounded to the nearest; nil for no amount or one below 0.
  public var microUSD: Int64? {
    guard let usd = double, usd >= 0, usd < 1_000_000_000 else { return nil }
    return Int64((usd * 1_000_000).rounded())
  }

  /// The elements, empty when it is no array.
  public var array: [JSON] {
    if case .array(let value) = self { value } else { [] }
  }

  /// The members, empty when it is no object.
  public var members: [Member] {
    if case .object(let value) = self { value } else { [] }
  }

  /// True for an object, also an empty one.
  public var isObject: Bool {
    if case .object = self { true } else { false }
  }

  /// True for `null`, which also stands for "not there".
  public var isNull: Bool { self == .null }
}
