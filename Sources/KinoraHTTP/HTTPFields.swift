/// Header fields in the order they were sent. Names compare without case.
public struct HTTPFields: Sendable, ExpressibleByDictionaryLiteral {
  /// The fields, names as they were written.
  public private(set) var list: [(name: String, value: String)] = []

  /// An empty list.
  public init() {}

  /// A list from literals: `["content-type": "text/plain"]`.
  public init(_ pairs: KeyValuePairs<String, String>) {
    list = pairs.map { (name: $0.key, value: $0.value) }
  }

  /// The same without the name of the type.
  public init(dictionaryLiteral elements: (String, String)...) {
    list = elements.map { (name: $0.0, value: $0.1) }
  }

  /// The first value of `name`, or nil.
  public subscript(name: String) -> String? {
    list.first { $0.name.equalsIgnoringCase(name) }?.value
  }

  /// All values of `name`, in order.
  public func values(_ name: String) -> [String] {
    list.filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
  }

  /// Adds a field at the end, whatever is there already.
  public mutating func append(_ name: String, _ value: String) {
    list.append((name: name, value: value))
  }

  mutating func reserve(_ count: Int) { list.reserveCapacity(count) }

  /// Leaves the fields whose names pass.
  mutating func keep(_ passes: (String) -> Bool) { list.removeAll { !passes($0.name) } }

  /// Puts one field in the place of all of that name.
  public mutating func replace(_ name: String, _ value: String) {
    list.removeAll { $0.name.equalsIgnoringCase(name) }
    list.append((name: name, value: value))
  }
}

extension String {
  /// ASCII comparison without case, as header names want it.
  package func equalsIgnoringCase(_ other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    if self == other { return true }
    return zip(utf8, other.utf8).allSatisfy { a, b in
      a == b || ((a ^ b) == 0x20 && (a | 0x20) >= 0x61 && (a | 0x20) <= 0x7a)
    }
  }
}
