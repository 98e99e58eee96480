import KinoraModel

/// Reads the keys of one section, collecting every error instead of stopping at the first.
final class SectionReader {
  final class Errors {
    var list: [ConfigurationError] = []
    func add(_ place: SourcePlace, _ message: String) {
      list.append(ConfigurationError(place: place, message: message))
    }
  }

  let place: SourcePlace
  let path: String
  let errors: Errors
  private let entries: [(key: String, place: SourcePlace, value: YAMLNode)]
  private var known: [String] = []

  init(_ node: YAMLNode, path: String, errors: Errors) {
    place = node.place
    self.path = path
    self.errors = errors
    switch node.value {
    case .mapping(let list): entries = list
    case .scalar(let text, true) where text.isEmpty || text == "~" || text == "null": entries = []
    default:
      errors.add(node.place, "\(path.isEmpty ? "the file" : path) must be a section")
      entries = []
    }
  }

  private func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func node(_ key: String) -> YAMLNode? {
    known.append(key)
    return entries.first { $0.key == key }?.value
  }

  func place(of key: String) -> SourcePlace {
    entries.first { $0.key == key }?.value.place ?? place
  }

  /// All keys, for sections with free names.
  var names: [String] { entries.map(\.key) }

  func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

  func error(_ key: String, _ message: String) {
    errors.add(place(of: key), "\(name(key)): \(message)")
  }

  /// Call last: complains about every key that was never asked for.
  func finish() {
    for entry in entries where !known.contains(entry.key) {
      let near = Spelling.nearest(entry.key, in: known).first
      errors.add(
        entry.place,
        "unknown key \(name(entry.key))"
          + (near.map { ": did you mean \($0)?" }
            ?? "; known here: \(known.joined(separator: ", "))"))
    }
  }

  /// All keys as sub-sections with free names.
  func sections() -> [(name: String, section: SectionReader)] {
    known.append(contentsOf: entries.map(\.key))
    return entries.map { entry in
      (entry.key, SectionReader(entry.value, path: name(entry.key), errors: errors))
    }
  }

  func section(_ key: String) -> SectionReader? {
    node(key).map { SectionReader($0, path: name(key), errors: errors) }
  }

  func string(_ key: String) -> String? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let text, let isPlain) = node.value else {
      error(key, "must be a text, not \(node.typeName)")
      return nil
    }
    return isPlain && (text.isEmpty || text == "~" || text == "null") ? nil : text
  }

  func strings(_ key: String) -> [String]? {
    guard let node = node(key) else { return nil }
    guard case .sequence(let items) = node.value else {
      error(key, "must be a list")
      return nil
    }
    return items.compactMap { item in
      guard case .scalar(let text, _) = item.value else {
        errors.add(item.place, "\(name(key)): must be a list of texts")
        return nil
      }
      return text
    }
  }

  func int(_ key: String, _ range: ClosedRange<Int>) -> Int? {
    guard let text = string(key) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      error(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  func double(_ key: String, _ range: ClosedRange<Double>) -> Double? {
    guard let text = string(key) else { return nil }
    guard let value = Double(text), range.contains(value) else {
      error(key, "must be a number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  func bool(_ key: String) -> Bool? {
    guard let text = string(key) else { return nil }
    switch text {
    case "true", "yes", "on": return true
    case "false", "no", "off": return false
    default:
      error(key, "must be true or false")
      return nil
    }
  }

  func money(_ key: String) -> MicroUSD? {
    guard let text = string(key) else { return nil }
    guard let value = MicroUSD(decimal: text.hasPrefix("$") ? String(text.dropFirst()) : text)
    else {
      error(key, "must be an amount in dollars such as 12.50")
      return nil
    }
    return value
  }

  /// `30s`, `15m`, `24h`, `7d`, or seconds without a unit.
  func duration(_ key: String) -> Milliseconds? {
    guard let text = string(key) else { return nil }
    let units: [(String, Int64)] = [
      ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    for (unit, factor) in units where text.hasSuffix(unit) {
      if let number = Int64(text.dropLast(unit.count)), number >= 0 { return number * factor }
    }
    if let seconds = Int64(text), seconds >= 0 { return seconds * 1000 }
    error(key, "must be a time such as 30s, 15m, 24h or 7d")
    return nil
  }

  /// `25MiB`, `2GiB`, `512KiB`, or bytes without a unit.
  func bytes(_ key: String) -> Int64? {
    guard let text = string(key) else { return nil }
    let units: [(String, Int64)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)]
    for (unit, factor) in units where text.hasSuffix(unit) {
      if let number = Int64(text.dropLast(unit.count)), number >= 0 { return number * factor }
    }
    if let number = Int64(text), number >= 0 { return number }
    error(key, "must be a size such as 25MiB")
    return nil
  }

  func word<W: RawRepresentable & CaseIterable>(_ key: String, _ type: W.Type) -> W?
  where W.RawValue == String {
    guard let text = string(key) else { return nil }
    if let word = W(rawValue: text) { return word }
    error(key, "must be one of \(W.allCases.map(\.rawValue).joined(separator: ", "))")
    return nil
  }

  /// The value as JSON, for options that only a plugin understands.
  func json(_ key: String) -> JSON? { node(key).map(Self.json) }

  private static func json(_ node: YAMLNode) -> JSON {
    switch node.value {
    case .sequence(let items): .array(items.map(json))
    case .mapping(let entries): .object(entries.map { JSONMember($0.key, json($0.value)) })
    case .scalar(let text, false): .string(text)
    case .scalar(let text, true): plain(text)
    }
  }

  private static func plain(_ text: String) -> JSON {
    switch text {
    case "", "~", "null": .null
    case "true": .bool(true)
    case "false": .bool(false)
    default: Int64(text).map { .integer($0) } ?? Double(text).map { .number($0) } ?? .string(text)
    }
  }

  /// What a variable of the daemon's environment says, read as a plain YAML value; nil when it is blank
  /// or not set.
  static func json(environment name: String) -> JSON? {
    let words = Environment[name].map { $0.split(whereSeparator: \.isWhitespace) } ?? []
    return words.isEmpty ? nil : plain(words.joined(separator: " "))
  }
}
