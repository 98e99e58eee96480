import Glibc

/// The environment as it was given.
enum Environment {
  /// One variable, nil when it is missing or empty.
  static subscript(name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// All of it.
  static var all: [String: String] {
    var list: [String: String] = [:]
    var at = Glibc.environ
    while let entry = at.pointee {
      let text = String(cString: entry)
      if let sign = text.firstIndex(of: "=") {
        list[String(text[..<sign])] = String(text[text.index(after: sign)...])
      }
      at += 1
    }
    return list
  }
}
