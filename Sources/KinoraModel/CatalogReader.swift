/// Reads members of a JSON object and names the member in every complaint.
struct CatalogReader {
  let json: JSON
  let path: String

  init(_ json: JSON, _ path: String) {
    self.json = json
    self.path = path
  }

  func error(_ key: String, _ message: String, _ allowed: [String] = []) -> KinoraError {
    KinoraError(
      .configuration, "\(path).\(key): \(message)", field: "\(path).\(key)", allowed: allowed)
  }

  func has(_ key: String) -> Bool { json[key] != nil }

  func only(_ keys: [String]) throws(KinoraError) {
    guard let members = json.members else {
      throw KinoraError(.configuration, "\(path) must be an object", field: path)
    }
    for member in members where !keys.contains(member.key) {
      let near = Spelling.nearest(member.key, in: keys).first.map { "; did you mean \($0)?" } ?? ""
      throw error(member.key, "is not known here\(near)", keys)
    }
  }

  func child(_ key: String) throws(KinoraError) -> CatalogReader? {
    json[key].map { CatalogReader($0, "\(path).\(key)") }
  }

  func children(_ key: String) throws(KinoraError) -> [CatalogReader] {
    guard let value = json[key] else { return [] }
    guard let items = value.array else { throw error(key, "must be an array") }
    return items.enumerated().map { CatalogReader($1, "\(path).\(key)[\($0)]") }
  }

  func string(_ key: String) throws(KinoraError) -> String? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let text = value.string else { throw error(key, "must be a string") }
    return text
  }

  func required(_ key: String) throws(KinoraError) -> String {
    guard let text = try string(key), !text.isEmpty else { throw error(key, "is missing") }
    return text
  }

  func strings(_ key: String) throws(KinoraError) -> [String] {
    guard let value = json[key], !value.isNull else { return [] }
    guard let items = value.array else { throw error(key, "must be an array of strings") }
    var list: [String] = []
    for item in items {
      guard let text = item.string else { throw error(key, "must be an array of strings") }
      list.append(text)
    }
    return list
  }

  func bool(_ key: String) throws(KinoraError) -> Bool? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let flag = value.bool else { throw error(key, "must be true or false") }
    return flag
  }

  func int(_ key: String) throws(KinoraError) -> Int? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let number = value.integer, number >= 0 else {
      throw error(key, "must be a whole number from 0")
    }
    return Int(number)
  }

  func double(_ key: String) throws(KinoraError) -> Double? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let number = value.double, number > 0 else {
      throw error(key, "must be a number above 0")
    }
    return number
  }

  func ints(_ key: String) throws(KinoraError) -> [Int]? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let items = value.array else { throw error(key, "must be an array of numbers") }
    var list: [Int] = []
    for item in items {
      guard let number = item.integer else { throw error(key, "must be an array of numbers") }
      list.append(Int(number))
    }
    return list
  }

  func word<W: RawRepresentable & CaseIterable & Sendable>(
    _ key: String, _ type: W.Type
  ) throws(KinoraError) -> W? where W.RawValue == String {
    guard let text = try string(key) else { return nil }
    guard let word = W(rawValue: text) else {
      let known = W.allCases.map(\.rawValue)
      throw error(key, "\(text) must be \(known.joined(separator: ", "))", known)
    }
    return word
  }

  func durations() throws(KinoraError) -> CatalogModel.Durations {
    guard let value = json["durations"], !value.isNull else { return .none }
    if let items = value.array {
      let list = items.compactMap(\.double)
      guard list.count == items.count, !list.isEmpty else {
        throw error("durations", "must be an array of seconds")
      }
      return .list(list.sorted())
    }
    let range = CatalogReader(value, "\(path).durations")
    try range.only(["min", "max", "step"])
    guard let low = try range.double("min"), let high = try range.double("max"), low <= high else {
      throw error("durations", "needs min and max, or an array of seconds")
    }
    return .range(min: low, max: high, step: try range.double("step") ?? 1)
  }
}
