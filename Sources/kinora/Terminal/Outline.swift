import KinoraModel

/// JSON in indented lines, for people.
enum Outline {
  /// `key value` lines; nested objects and lists of objects go one step in.
  static func lines(_ json: JSON, depth: Int = 0) -> [String] {
    let margin = String(repeating: "  ", count: depth)
    var lines: [String] = []
    for member in json.members ?? [] {
      switch member.value {
      case .object(let inner) where !inner.isEmpty:
        lines.append("\(margin)\(Words.line(member.key))")
        lines += self.lines(member.value, depth: depth + 1)
      case .array(let items) where items.contains { $0.members != nil }:
        lines.append("\(margin)\(Words.line(member.key))")
        for item in items {
          let inner = self.lines(item, depth: depth + 2)
          let mark = "\(margin)  - "
          lines += inner.enumerated().map { at, line in
            at == 0 ? mark + line.dropFirst(mark.count) : line
          }
        }
      case .object, .null: lines.append("\(padded(margin + Words.line(member.key), 16)) -")
      default:
        lines.append(
          "\(padded(margin + Words.line(member.key), 16)) \(Words.line(member.value.cell))")
      }
    }
    return lines
  }
}
