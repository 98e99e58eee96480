import KinoraModel

/// What was given on the command line, checked against the command's flags.
struct Arguments: Sendable {
  var operands: [String] = []
  private var given: [String: [String]] = [:]

  mutating func add(_ name: String, _ value: String) { given[name, default: []].append(value) }

  /// True when the flag is there.
  func has(_ name: String) -> Bool { given[name] != nil }

  /// The last value.
  func value(_ name: String) -> String? { given[name]?.last }

  /// Every value, in order.
  func values(_ name: String) -> [String] { given[name] ?? [] }

  /// True, false, or nil where neither `--name` nor `--no-name` stands.
  func choice(_ name: String) -> Bool? { value(name).map { $0 == "true" } }

  /// A whole number within bounds.
  func count(_ name: String, _ range: ClosedRange<Int>) throws(Failure) -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw .usage(
        "--\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), "
          + "not \(Shell.quoted(text))")
    }
    return number
  }

  /// Seconds, with or without an `s` after them.
  func seconds(_ name: String) throws(Failure) -> Double? {
    guard let text = value(name) else { return nil }
    let digits = text.hasSuffix("s") ? String(text.dropLast()) : text
    guard let number = Double(digits), number.isFinite, number >= 0, number < 1_000_000_000 else {
      throw .usage("--\(name) takes seconds such as 8 or 8s, not \(Shell.quoted(text))")
    }
    return number
  }

  /// Dollars, with or without the sign.
  func dollars(_ name: String) throws(Failure) -> MicroUSD? {
    guard let text = value(name) else { return nil }
    guard let amount = MicroUSD(decimal: text.hasPrefix("$") ? text.dropFirst() : text[...]) else {
      throw .usage("--\(name) takes dollars such as 5 or 0.50, not \(Shell.quoted(text))")
    }
    return amount
  }

  /// `KEY=VALUE` pairs.
  func pairs(_ name: String) throws(Failure) -> [(key: String, value: String)] {
    var list: [(key: String, value: String)] = []
    for text in values(name) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw .usage("--\(name) takes KEY=VALUE, not \(Shell.quoted(text))")
      }
      list.append((String(parts[0]), String(parts[1])))
    }
    return list
  }
}
