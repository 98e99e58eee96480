import KinoraModel

/// Reads the members of a request object. Every complaint names the field and what it may be. In form
/// data all values are strings, so there numbers, booleans and objects are read from text.
struct FieldReader {
  let json: JSON
  let body: ParsedBody
  /// Put before the names in complaints: `references.0.`.
  var prefix = ""

  func error(_ name: String, _ message: String, _ allowed: [String] = []) -> KinoraError {
    KinoraError(.badField, "\(prefix)\(name) \(message)", field: prefix + name, allowed: allowed)
  }

  /// Throws `malformedBody` when this is no object and `unknownField` with the nearest known name.
  func only(_ known: [String]) throws(KinoraError) {
    guard let members = json.members else {
      throw KinoraError(.malformedBody, "the body must be a JSON object, not \(json.typeName)")
    }
    for member in members where !known.contains(member.key) {
      let near = Spelling.nearest(member.key, in: known).first.map { "; did you mean \($0)?" }
      throw KinoraError(
        .unknownField, "\(prefix)\(member.key.prefix(80)) is not known\(near ?? "")",
        field: prefix + member.key.prefix(80), allowed: known)
    }
  }

  /// The member; nil when it is missing or null.
  subscript(_ name: String) -> JSON? { json[name].flatMap { $0.isNull ? nil : $0 } }

  /// Text of at most `most` bytes.
  func string(_ name: String, most: Int) throws(KinoraError) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.string else {
      throw error(name, "must be a string, not \(value.typeName)", ["a string"])
    }
    let lifted: Int64? =
      switch body.lift(text) {
      case .text(let bytes), .excess(let bytes): bytes
      case .file(let file), .bare(let file): file.length
      case nil: nil
      }
    let bytes = lifted ?? Int64(text.utf8.count)
    guard bytes <= most else {
      throw KinoraError(
        .tooLarge, "\(prefix)\(name) has \(bytes) bytes, at most \(most) are taken",
        field: prefix + name, allowed: ["up to \(most) bytes"])
    }
    return text
  }

  /// A whole number in `range`.
  func integer(_ name: String, in range: ClosedRange<Int64>) throws(KinoraError) -> Int64? {
    guard let value = self[name] else { return nil }
    let number = value.integer ?? (body.isForm ? value.string.flatMap { Int64($0) } : nil)
    guard let number, range.contains(number) else {
      let words = "\(range.lowerBound)…\(range.upperBound)"
      throw error(
        name, "must be a whole number, \(range.lowerBound) to \(range.upperBound)", [words])
    }
    return number
  }

  /// True or false.
  func bool(_ name: String) throws(KinoraError) -> Bool? {
    guard let value = self[name] else { return nil }
    if let flag = value.bool { return flag }
    if body.isForm, let text = value.string, text == "true" || text == "false" {
      return text == "true"
    }
    throw error(name, "must be true or false, not \(Self.shown(value))", ["true", "false"])
  }

  /// Seconds: a number above 0, or a string such as `8`, `2.5` or `8s`.
  func seconds(_ name: String) throws(KinoraError) -> Double? {
    guard let value = self[name] else { return nil }
    var number = value.double
    if let text = value.string {
      let digits = text.hasSuffix("s") ? text.dropLast() : text[...]
      let isPlain = digits.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e }
      number = isPlain && digits.utf8.count <= 12 ? Double(digits) : nil
    }
    guard let number, number > 0, number <= 86_400 else {
      throw error(
        name, "must be a number of seconds above 0, not \(Self.shown(value))",
        ["a number such as 8", "\"8\"", "\"8s\""])
    }
    return number
  }

  /// An object; from form data also as JSON text.
  func object(_ name: String) throws(KinoraError) -> [JSONMember]? {
    guard let value = try structure(name) else { return nil }
    guard let members = value.members else {
      throw error(name, "must be an object, not \(value.typeName)", ["an object"])
    }
    return members
  }

  /// The member, where form data's text that looks like an object or a list is read as JSON.
  func structure(_ name: String) throws(KinoraError) -> JSON? {
    guard let value = self[name] else { return nil }
    guard body.isForm, let text = value.string, text.hasPrefix("{") || text.hasPrefix("[") else {
      return value
    }
    do throws(JSONSyntaxError) {
      return try JSON.parse(Array(text.utf8))
    } catch {
      throw self.error(name, "is not JSON: \(error.reason) at byte \(error.offset)")
    }
  }

  /// A value as a complaint shows it.
  static func shown(_ value: JSON) -> String {
    switch value {
    case .array, .object: "an \(value.typeName)"
    default:
      value.text.utf8.count <= 40 ? value.text : "a long \(value.typeName)"
    }
  }
}
