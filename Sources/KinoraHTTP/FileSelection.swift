/// What of a file a request gets: its conditions and its range, evaluated (RFC 9110 §13, §14).
package enum FileSelection: Equatable {
  case whole
  /// 206 with these bytes.
  case part(Range<Int64>)
  /// 304.
  case notModified
  /// 412.
  case preconditionFailed
  /// 416.
  case unsatisfiable

  /// The selection for a GET or HEAD of a file with this length and entity tag.
  package init(method: String, fields: HTTPFields, length: Int64, etag: String?) {
    let tag = etag.map { "\"\($0)\"" }
    let matches = fields.values("if-match")
    if !matches.isEmpty, !Self.list(matches, contains: tag, weakly: false) {
      self = .preconditionFailed
      return
    }
    let noneMatches = fields.values("if-none-match")
    if !noneMatches.isEmpty, Self.list(noneMatches, contains: tag, weakly: true) {
      self = .notModified
      return
    }
    guard method == "GET", let range = fields["range"], fields.values("range").count == 1 else {
      self = .whole
      return
    }
    // A date in If-Range never matches: no Last-Modified is ever sent.
    if let condition = fields["if-range"], condition != tag {
      self = .whole
      return
    }
    self = Self.range(range, length)
  }

  /// One range of bytes. What is not understood, several ranges included, is ignored, as §14.2
  /// allows; a range that lies outside is 416.
  private static func range(_ text: String, _ length: Int64) -> FileSelection {
    let prefix = "bytes="
    guard String(text.prefix(prefix.count)).equalsIgnoringCase(prefix) else { return .whole }
    let ends = text.dropFirst(prefix.count).split(
      separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2, let first = number(ends[0]), let last = number(ends[1]) else {
      return .whole
    }
    switch (first, last) {
    case (nil, nil): return .whole
    case (nil, let suffix?):
      if suffix == 0 || length == 0 { return .unsatisfiable }
      return .part(max(0, length - suffix)..<length)
    case (let first?, nil):
      return first < length ? .part(first..<length) : .unsatisfiable
    case (let first?, let last?):
      if last < first { return .whole }
      return first < length ? .part(first..<min(last, length - 1) + 1) : .unsatisfiable
    }
  }

  /// `.some(nil)` for nothing at all, nil for what is no number. Beyond Int64 counts as its end.
  private static func number(_ text: Substring) -> Int64?? {
    if text.isEmpty { return .some(nil) }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return .some(Int64(text) ?? Int64.max)
  }

  private static func list(_ values: [String], contains tag: String?, weakly: Bool) -> Bool {
    for value in values {
      for item in tags(value) {
        if item == "*" { return true }
        guard let tag else { continue }
        if item == tag || (weakly && item == "W/" + tag) { return true }
      }
    }
    return false
  }

  /// `"a", W/"b,c"` as its members; a comma inside quotes does not part them.
  private static func tags(_ value: String) -> [String] {
    var items: [String] = []
    var item: [UInt8] = []
    var quoted = false
    for byte in value.utf8 {
      if byte == UInt8(ascii: "\"") { quoted.toggle() }
      if byte == UInt8(ascii: ","), !quoted {
        items.append(String(decoding: item, as: UTF8.self))
        item = []
      } else if quoted || (byte != 0x20 && byte != 0x09) {
        item.append(byte)
      }
    }
    items.append(String(decoding: item, as: UTF8.self))
    return items
  }
}
