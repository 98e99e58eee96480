/// Header fields in order, names in lower case.
public struct Headers: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  /// One field.
  public struct Field: Sendable, Equatable {
    /// Lower case.
    public var name: String
    /// Without CR, LF or NUL, which the host refuses; may hold `{{credential:NAME}}`.
    public var value: String
  }
  /// The fields.
  public private(set) var fields: [Field] = []

  /// `["authorization": bearer("api_key")]`; a field whose value is nil is left out.
  public init(dictionaryLiteral elements: (String, String?)...) {
    for (name, value) in elements {
      if let value { add(name, value) }
    }
  }

  /// Adds a field.
  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name.lowercased(), value: value))
  }

  /// The first value of a field, by its lower-case name; nil when there is none. Setting replaces all
  /// of that name, nil removes them.
  public subscript(name: String) -> String? {
    get { fields.first { $0.name == name }?.value }
    set {
      fields.removeAll { $0.name == name.lowercased() }
      if let newValue { add(name, newValue) }
    }
  }

  /// These fields and those of `other` after them.
  public static func + (headers: Headers, other: Headers) -> Headers {
    var all = headers
    all.fields += other.fields
    return all
  }
}
