/// Reads the header lines of an answer and keeps the block that counts: the last one that is not an
/// interim answer (100, 103, …) or a proxy's answer to CONNECT.
struct HeaderBlocks {
  /// Most bytes of all header lines together.
  static let mostBytes = 256 * 1024

  private(set) var status = 0
  private(set) var fields: [(name: String, value: String)] = []
  /// `1.1`, `2`, …
  private(set) var version = ""
  /// True once the empty line after the final block was read.
  private(set) var isComplete = false
  /// True when the sender went past the limit.
  private(set) var isTooLong = false
  private var bytes = 0

  /// Takes one line with or without its line end.
  mutating func take(line raw: UnsafeRawBufferPointer) {
    bytes += raw.count
    guard bytes <= Self.mostBytes else {
      isTooLong = true
      return
    }
    var end = raw.count
    while end > 0, raw[end - 1] == 0x0a || raw[end - 1] == 0x0d { end -= 1 }
    let line = UnsafeRawBufferPointer(rebasing: raw[..<end])
    if line.starts(with: "HTTP/".utf8) {
      begin(String(decoding: line, as: UTF8.self))
    } else if line.isEmpty {
      isComplete = status >= 200
    } else if !isComplete, let colon = line.firstIndex(of: UInt8(ascii: ":")) {
      // After the end there are only trailers, which nobody here needs.
      fields.append(
        (
          name: String(decoding: line[..<colon], as: UTF8.self).lowercased(),
          value: Self.trimmed(line[(colon + 1)...])
        ))
    }
  }

  /// Takes a whole file of header lines, several blocks one after another.
  mutating func take(all text: [UInt8]) {
    text.withUnsafeBytes { raw in
      var start = 0
      for i in 0..<raw.count where raw[i] == 0x0a {
        take(line: UnsafeRawBufferPointer(rebasing: raw[start...i]))
        start = i + 1
      }
    }
  }

  private mutating func begin(_ line: String) {
    let words = line.split(separator: " ", maxSplits: 2)
    version = words.first.map { String($0.dropFirst(5)) } ?? ""
    status = words.count > 1 ? Int(words[1]) ?? 0 : 0
    fields = []
    isComplete = false
  }

  private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    var text = bytes
    while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
    while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
    return String(decoding: text, as: UTF8.self)
  }
}
