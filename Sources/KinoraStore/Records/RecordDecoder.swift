import FoundationEssentials
package import KinoraModel

/// Reads what `RecordEncoder` wrote.
///
/// A member that the text lacks is taken from `template`, a value of the same type with its
/// defaults: a field that a later version adds needs no migration of old rows. Members that nobody
/// asks for are passed over.
package struct RecordDecoder {
  private let template: JSON?

  /// A decoder; `template` holds the defaults, as JSON.
  package init(template: JSON? = nil) { self.template = template }

  /// The value in `text`; throws `storeFailed` when it is not one.
  package func decode<T: Decodable>(
    _ type: T.Type, from text: UnsafeRawBufferPointer
  ) throws(KinoraError) -> T {
    do {
      return try read(type, JSON.parse(text), template)
    } catch {
      throw KinoraError(.storeFailed, "a stored record cannot be read: \(error)")
    }
  }
}

private func read<T: Decodable>(_ type: T.Type, _ json: JSON, _ template: JSON?) throws -> T {
  if T.self == String.self, case .string(let value) = json {
    return unsafeBitCast(value, to: T.self)
  }
  if T.self == Int64.self, case .integer(let value) = json {
    return unsafeBitCast(value, to: T.self)
  }
  if T.self == Int.self, case .integer(let value) = json {
    return unsafeBitCast(Int(value), to: T.self)
  }
  if T.self == Bool.self, case .bool(let value) = json {
    return unsafeBitCast(value, to: T.self)
  }
  if T.self == Double.self, let value = json.double {
    return unsafeBitCast(value, to: T.self)
  }
  if T.self == [UInt8].self, case .string(let text) = json {
    guard let data = Data(base64Encoded: text) else { throw Misfit(what: "bytes in base64") }
    return unsafeBitCast([UInt8](data), to: T.self)
  }
  if isScalar(type) { throw Misfit(what: "\(T.self), found \(json.typeName)") }
  return try T(from: Source(json: json, template: template))
}

/// The text holds something else than the type needs.
private struct Misfit: Error {
  let what: String
}

private struct Source: Decoder {
  let json: JSON
  let template: JSON?
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let members = json.members else { throw Misfit(what: "an object") }
    return KeyedDecodingContainer(
      Fields<Key>(members: members, template: template, hint: Hint()))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let items = json.array else { throw Misfit(what: "an array") }
    return Items(items: items)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { Value(json: json) }
}

/// Where the last member was found: the next one asked for usually follows it.
private final class Hint {
  var next = 0
}

private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let members: [JSONMember]
  let template: JSON?
  let hint: Hint
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }

  private func find(_ key: Key) -> JSON? {
    let name = key.stringValue
    let start = hint.next
    for i in start..<members.count where members[i].key == name {
      hint.next = i
      return members[i].value
    }
    for i in 0..<min(start, members.count) where members[i].key == name {
      hint.next = i
      return members[i].value
    }
    return nil
  }

  func contains(_ key: Key) -> Bool { find(key) != nil }
  func decodeNil(forKey key: Key) -> Bool { find(key)?.isNull ?? true }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    let standard = template?[key.stringValue]
    guard let value = find(key) ?? standard else { throw Misfit(what: key.stringValue) }
    return try read(type, value, standard)
  }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    guard let value = find(key), !value.isNull else { return nil }
    return try read(type, value, template?[key.stringValue])
  }

  func nestedContainer<N>(keyedBy: N.Type, forKey key: Key) throws -> KeyedDecodingContainer<N> {
    throw Unsupported(what: "nested containers")
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    throw Unsupported(what: "nested containers")
  }
  func superDecoder() throws -> any Decoder { throw Unsupported(what: "inheritance") }
  func superDecoder(forKey key: Key) throws -> any Decoder {
    throw Unsupported(what: "inheritance")
  }
}

private struct Items: UnkeyedDecodingContainer {
  let items: [JSON]
  var currentIndex = 0
  var codingPath: [any CodingKey] { [] }
  var count: Int? { items.count }
  var isAtEnd: Bool { currentIndex >= items.count }

  init(items: [JSON]) { self.items = items }

  mutating func decodeNil() -> Bool {
    guard !isAtEnd, items[currentIndex].isNull else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    guard !isAtEnd else { throw Misfit(what: "one more element") }
    defer { currentIndex += 1 }
    return try read(type, items[currentIndex], nil)
  }

  mutating func nestedContainer<N>(keyedBy: N.Type) throws -> KeyedDecodingContainer<N> {
    throw Unsupported(what: "nested containers")
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw Unsupported(what: "nested containers")
  }
  mutating func superDecoder() throws -> any Decoder { throw Unsupported(what: "inheritance") }
}

private struct Value: SingleValueDecodingContainer {
  let json: JSON
  var codingPath: [any CodingKey] { [] }
  func decodeNil() -> Bool { json.isNull }

  // A type that is not read directly would ask for this container again, for ever.
  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    guard isScalar(type) else { throw Unsupported(what: "\(T.self)") }
    return try read(type, json, nil)
  }
}
