/// Header fields as curl's library and program take them.
enum FieldLines {
  /// `Name: value` lines; `Name;` stands for an empty value and `Name:` takes away a field that curl
  /// would add by itself.
  static func lines(_ request: PreparedRequest) -> [String] {
    var lines = request.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    // No 100-continue: some servers never answer it, and a second of waiting helps nobody.
    lines.append("Expect:")
    let names = Set(request.fields.map { $0.name.lowercased() })
    if request.sendsBody, !names.contains("content-type") { lines.append("Content-Type:") }
    return lines
  }
}
