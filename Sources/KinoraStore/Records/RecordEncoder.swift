import FoundationEssentials
package import KinoraModel

/// Writes any Codable value as JSON text in one pass, in the order of its declaration.
///
/// Foundation's encoder builds a tree first and takes about five times as long; a job is written a
/// dozen times in its life. What differs from it: `[UInt8]` is one base64 string, absent optionals
/// are left out, and a value may open one container only, which is what the compiler synthesizes.
package struct RecordEncoder {
  package init() {}

  /// JSON text of `value`.
  package func encode(_ value: some Encodable) throws(KinoraError) -> [UInt8] {
    let sink = Sink()
    do {
      try sink.write(value)
    } catch {
      throw KinoraError(.internalError, "a record cannot be written: \(error)")
    }
    return sink.writer.bytes
  }
}

/// The text so far; shared by the containers of one value.
private final class Sink {
  var writer = JSONWriter(capacity: 2048)

  // A comparison of metatypes is a pointer's; a dynamic cast of each of sixty members is not.
  func write<T: Encodable>(_ value: T) throws {
    if T.self == String.self {
      writer.value(.string(unsafeBitCast(value, to: String.self)))
    } else if T.self == Int.self {
      writer.value(.integer(Int64(unsafeBitCast(value, to: Int.self))))
    } else if T.self == Int64.self {
      writer.value(.integer(unsafeBitCast(value, to: Int64.self)))
    } else if T.self == Bool.self {
      writer.value(.bool(unsafeBitCast(value, to: Bool.self)))
    } else if T.self == Double.self {
      writer.value(.number(unsafeBitCast(value, to: Double.self)))
    } else if T.self == [UInt8].self {
      let bytes = unsafeBitCast(value, to: [UInt8].self)
      writer.value(.string(Data(bytes).base64EncodedString()))
    } else {
      let cursor = Cursor(sink: self)
      try value.encode(to: cursor)
      try cursor.finish()
    }
  }
}

/// One value's place in the text. Knows which container was opened, to close it.
private final class Cursor: Encoder {
  enum Opened { case nothing, object, array, scalar }
  let sink: Sink
  var opened = Opened.nothing
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(sink: Sink) { self.sink = sink }

  func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    opened = .object
    sink.writer.beginObject()
    return KeyedEncodingContainer(Members<Key>(sink: sink))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    opened = .array
    sink.writer.beginArray()
    return Elements(sink: sink)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    opened = .scalar
    return Scalar(sink: sink)
  }

  func finish() throws {
    switch opened {
    case .nothing: throw Unsupported(what: "a value without content")
    case .object: sink.writer.endObject()
    case .array: sink.writer.endArray()
    case .scalar: break
    }
  }
}

/// A form of coding that stored types do not use.
struct Unsupported: Error {
  let what: String
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let sink: Sink
  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Key) { sink.writer.member(key.stringValue, .null) }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    sink.writer.key(key.stringValue)
    try sink.write(value)
  }

  func nestedContainer<N>(keyedBy: N.Type, forKey key: Key) -> KeyedEncodingContainer<N> {
    KeyedEncodingContainer(Refusal<N>())
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { NoElements() }
  func superEncoder() -> any Encoder { Cursor(sink: sink) }
  func superEncoder(forKey key: Key) -> any Encoder { Cursor(sink: sink) }
}

private struct Elements: UnkeyedEncodingContainer {
  let sink: Sink
  var count = 0
  var codingPath: [any CodingKey] { [] }

  init(sink: Sink) { self.sink = sink }

  func encodeNil() { sink.writer.value(.null) }

  mutating func encode<T: Encodable>(_ value: T) throws {
    count += 1
    try sink.write(value)
  }

  func nestedContainer<N>(keyedBy: N.Type) -> KeyedEncodingContainer<N> {
    KeyedEncodingContainer(Refusal<N>())
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { NoElements() }
  func superEncoder() -> any Encoder { Cursor(sink: sink) }
}

private struct Scalar: SingleValueEncodingContainer {
  let sink: Sink
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { sink.writer.value(.null) }

  // A type that is not written directly would ask for this container again, for ever.
  func encode<T: Encodable>(_ value: T) throws {
    guard isScalar(T.self) else { throw Unsupported(what: "\(T.self)") }
    try sink.write(value)
  }
}

/// True for the types that become one JSON token.
func isScalar<T>(_ type: T.Type) -> Bool {
  T.self == String.self || T.self == Int64.self || T.self == Int.self || T.self == Bool.self
    || T.self == Double.self
}

/// What a nested container gets: the first use throws.
private struct Refusal<Key: CodingKey>: KeyedEncodingContainerProtocol {
  var codingPath: [any CodingKey] { [] }
  func encodeNil(forKey key: Key) throws { throw Unsupported(what: "nested containers") }
  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    throw Unsupported(what: "nested containers")
  }
  func nestedContainer<N>(keyedBy: N.Type, forKey key: Key) -> KeyedEncodingContainer<N> {
    KeyedEncodingContainer(Refusal<N>())
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { NoElements() }
  func superEncoder() -> any Encoder { Cursor(sink: Sink()) }
  func superEncoder(forKey key: Key) -> any Encoder { Cursor(sink: Sink()) }
}

private struct NoElements: UnkeyedEncodingContainer {
  var codingPath: [any CodingKey] { [] }
  var count: Int { 0 }
  func encodeNil() throws { throw Unsupported(what: "nested containers") }
  func encode<T: Encodable>(_ value: T) throws { throw Unsupported(what: "nested containers") }
  func nestedContainer<N>(keyedBy: N.Type) -> KeyedEncodingContainer<N> {
    KeyedEncodingContainer(Refusal<N>())
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { NoElements() }
  func superEncoder() -> any Encoder { Cursor(sink: Sink()) }
}
