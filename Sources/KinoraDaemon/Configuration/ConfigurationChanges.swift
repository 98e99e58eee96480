import KinoraModel

/// What differs between two configurations in force, a line a key: for the journal. There is no secret
/// in it, since `Configuration.json` holds none.
enum ConfigurationChanges {
  /// Keys that are read at the start only.
  private static let atStart = [
    "state_dir", "plugin_path", "curl", "listen.unix", "listen.tcp.address", "log",
  ]
  private static let longest = 160

  /// `limits.max_queued: 0 → 5`.
  static func list(_ old: JSON, _ new: JSON) -> [String] {
    var lines: [String] = []
    compare(old, new, "", &lines)
    return lines
  }

  private static func compare(_ old: JSON?, _ new: JSON?, _ path: String, _ lines: inout [String]) {
    guard old != new else { return }
    guard let before = old?.members, let after = new?.members else {
      let late = atStart.contains { path == $0 || path.hasPrefix($0 + ".") }
      let words = "\(path): \(text(old)) → \(text(new))" + (late ? " (at the next start)" : "")
      return lines.append(words)
    }
    var names = before.map(\.key)
    names += after.map(\.key).filter { !names.contains($0) }
    for name in names {
      compare(old?[name], new?[name], path.isEmpty ? name : "\(path).\(name)", &lines)
    }
  }

  private static func text(_ value: JSON?) -> String {
    guard let value, !value.isNull else { return "none" }
    let text = value.string ?? value.text
    return text.count > longest ? "\(text.prefix(longest))…" : text
  }
}
