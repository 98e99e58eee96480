import KinoraModel

/// Builds an object of form fields: `metadata[shot]` is a member of `metadata`, `references[]` an
/// element of `references`. The official OpenAI clients write nested values so.
struct FormTree {
  private(set) var json: JSON = .object([])

  /// Fields that may stand several times under their bare name.
  private static let lists: Set<String> = ["references", "models"]
  private static let deepest = 4

  /// Adds one field. Throws `badField` for a name that stands twice and for broken brackets.
  mutating func add(_ name: String, _ value: String) throws(KinoraError) {
    var path = try Self.path(name)
    if path.count == 1, Self.lists.contains(name), !value.hasPrefix("[") { path.append("") }
    json = try Self.put(value, at: path[...], in: json, name)
  }

  private static func path(_ name: String) throws(KinoraError) -> [String] {
    guard let first = name.firstIndex(of: "["), first != name.startIndex else { return [name] }
    var path = [String(name[..<first])]
    var rest = name[first...]
    while rest.first == "[", let end = rest.firstIndex(of: "]") {
      path.append(String(rest[rest.index(after: rest.startIndex)..<end]))
      rest = rest[rest.index(after: end)...]
    }
    guard rest.isEmpty, path.count <= deepest else {
      throw KinoraError(.badField, "the field name \(name.prefix(80)) has broken brackets")
    }
    return path
  }

  private static func put(
    _ value: String, at path: ArraySlice<String>, in json: JSON?, _ name: String
  ) throws(KinoraError) -> JSON {
    guard let key = path.first else {
      guard json == nil else {
        throw KinoraError(.badField, "\(name) is given twice", field: path.first ?? name)
      }
      return .string(value)
    }
    if key.isEmpty {
      var items = json?.array ?? []
      guard json == nil || json?.array != nil else {
        throw KinoraError(.badField, "\(name) is given as a list and as a value", field: name)
      }
      items.append(try put(value, at: path.dropFirst(), in: nil, name))
      return .array(items)
    }
    guard json == nil || json?.members != nil else {
      throw KinoraError(.badField, "\(name) is given as an object and as a value", field: name)
    }
    return (json ?? .object([])).setting(
      key, try put(value, at: path.dropFirst(), in: json?[key], name))
  }
}
