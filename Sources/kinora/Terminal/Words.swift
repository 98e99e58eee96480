import KinoraModel

/// A text filled with spaces to a width.
func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}

/// Numbers as people read them.
enum Words {
  /// `12 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`.
  static func duration(_ seconds: Int64) -> String {
    func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
    return switch max(0, seconds) {
    case let s where s < 60: "\(s) s"
    case let s where s < 3600: "\(s / 60) min \(two(s % 60)) s"
    case let s where s < 86_400: "\(s / 3600) h \(two(s / 60 % 60)) min"
    case let s: "\(s / 86_400) d \(s / 3600 % 24) h"
    }
  }

  /// One unit for a table: `12s`, `3m`, `2h`, `3d`.
  static func age(_ seconds: Int64) -> String {
    switch max(0, seconds) {
    case let s where s < 60: "\(s)s"
    case let s where s < 3600: "\(s / 60)m"
    case let s where s < 86_400: "\(s / 3600)h"
    case let s: "\(s / 86_400)d"
    }
  }

  /// `812 B`, `3.4 kB`, `12.0 MB`.
  static func bytes(_ count: Int64) -> String {
    func tenths(_ n: Int64, _ unit: String) -> String { "\(n / 10).\(n % 10) \(unit)" }
    return switch count {
    case ..<1000: "\(count) B"
    case ..<1_000_000: tenths(count / 100, "kB")
    case ..<1_000_000_000: tenths(count / 100_000, "MB")
    default: tenths(count / 100_000_000, "GB")
    }
  }

  /// A number without `.0`.
  static func number(_ value: Double) -> String {
    Int64(exactly: value).map { "\($0)" } ?? "\(value)"
  }

  /// Text of a stranger for a terminal: one line, no control characters.
  static func line(_ text: String) -> String {
    var clean = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
      clean.append(isControl ? " " : scalar)
    }
    return String(clean)
  }

  /// At most this many characters, with a sign that some are missing.
  static func start(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
  }
}
