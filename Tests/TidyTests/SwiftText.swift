/// Just enough of Swift's lexical structure to tell code from comments and strings.
enum SwiftText {
  /// The text with the inside of comments and string literals blanked; line ends stay.
  static func code(_ text: String) -> String {
    var scanner = Scanner(bytes: Array(text.utf8))
    return String(decoding: scanner.scan(), as: UTF8.self)
  }

  /// The modules that a file imports, with the line number of each.
  static func imports(_ text: String) -> [(module: String, line: Int)] {
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "let", "var"]
    var found: [(module: String, line: Int)] = []
    for (number, line) in code(text).split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      var words = line.split(separator: " ")[...]
      while let word = words.first, word != "import" {
        guard word.hasPrefix("@") || ["public", "package", "internal", "private"].contains(word)
        else {
          words = []
          break
        }
        words.removeFirst()
      }
      guard words.first == "import" else { continue }
      words.removeFirst()
      if let kind = words.first, kinds.contains(kind) { words.removeFirst() }
      if let module = words.first?.split(separator: ".").first {
        found.append((String(module), number + 1))
      }
    }
    return found
  }
}

/// Copies code and blanks the rest. An interpolation inside a string is blanked with it.
private struct Scanner {
  let bytes: [UInt8]
  private var at = 0
  private var output: [UInt8] = []

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func scan() -> [UInt8] {
    while at < bytes.count {
      if starts("//") {
        skip { $0.bytes[$0.at] == 10 }
      } else if starts("/*") {
        skip { $0.starts("*/") }
        blank(2)
      } else if let hashes = stringStart() {
        string(hashes: hashes)
      } else {
        output.append(bytes[at])
        at += 1
      }
    }
    return output
  }

  private func starts(_ text: String) -> Bool { bytes[at...].starts(with: text.utf8) }

  private mutating func blank(_ count: Int) {
    for _ in 0..<count where at < bytes.count {
      output.append(bytes[at] == 10 ? 10 : 32)
      at += 1
    }
  }

  private mutating func skip(until isEnd: (Scanner) -> Bool) {
    while at < bytes.count, !isEnd(self) { blank(1) }
  }

  // The number of `#` before a string that begins here; nil when none does.
  private func stringStart() -> Int? {
    let hashes = bytes[at...].prefix { $0 == UInt8(ascii: "#") }.count
    let quote = at + hashes
    return quote < bytes.count && bytes[quote] == UInt8(ascii: "\"") ? hashes : nil
  }

  private mutating func string(hashes: Int) {
    let pounds = String(repeating: "#", count: hashes)
    blank(hashes)
    let quotes = starts("\"\"\"") ? "\"\"\"" : "\""
    let escape = "\\" + pounds
    blank(quotes.utf8.count)
    while at < bytes.count, !starts(quotes + pounds) {
      // An escaped character may be a quote. A line end closes a one-line string that is not closed.
      if quotes.utf8.count == 1, bytes[at] == 10 { return }
      if starts(escape + "(") {
        interpolation(escape.utf8.count)
      } else {
        blank(starts(escape) ? escape.utf8.count + 1 : 1)
      }
    }
    blank(quotes.utf8.count + hashes)
  }

  // Strings inside an interpolation may hold quotes and parentheses of their own.
  private mutating func interpolation(_ escape: Int) {
    blank(escape + 1)
    var depth = 1
    while at < bytes.count, depth > 0 {
      if let hashes = stringStart() {
        let length = output.count
        string(hashes: hashes)
        for i in length..<output.count where output[i] != 10 { output[i] = 32 }
        continue
      }
      if bytes[at] == UInt8(ascii: "(") { depth += 1 }
      if bytes[at] == UInt8(ascii: ")") { depth -= 1 }
      blank(1)
    }
  }
}
