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

  /// What the file is: its length, a strong entity tag without quotes, when it was last changed and
  /// what time it is now, both in Unix seconds.
  package struct Facts {
    package let length: Int64
    var etag: String?
    var modified: Int64?
    var now: Int64

    /// The facts of a file that is to be served at `now`.
    package init(length: Int64, etag: String?, modified: Int64?, now: Int64) {
      self.length = length
      self.etag = etag.map { "\"\($0)\"" }
      self.modified = modified
      self.now = now
    }
  }

  /// The selection for a GET or HEAD of a file. Tags count before dates (§13.2.2).
  package init(method: String, fields: HTTPFields, _ file: Facts) {
    let matches = fields.values("if-match")
    if !matches.isEmpty {
      if !EntityTags(matches).contain(file.etag, weakly: false) {
        self = .preconditionFailed
        return
      }
    } else if let modified = file.modified, let date = Self.date(fields, "if-unmodified-since"),
      modified > date
    {
      self = .preconditionFailed
      return
    }
    let noneMatches = fields.values("if-none-match")
    if !noneMatches.isEmpty {
      if EntityTags(noneMatches).contain(file.etag, weakly: true) {
        self = .notModified
        return
      }
    } else if let modified = file.modified, let date = Self.date(fields, "if-modified-since"),
      date <= file.now, modified <= date
    {
      self = .notModified
      return
    }
    guard method == "GET", let range = fields["range"], fields.values("range").count == 1,
      Self.holds(fields["if-range"], file)
    else {
      self = .whole
      return
    }
    self = Self.range(range, file.length)
  }

  /// The one date of a field; a second one makes neither count.
  private static func date(_ fields: HTTPFields, _ name: String) -> Int64? {
    let values = fields.values(name)
    return values.count == 1 ? HTTPDate.parse(values[0]) : nil
  }

  /// If-Range: the strong tag, or exactly the date that was told, when it is old enough that nothing
  /// can have changed within its second (§13.1.5, §8.8.2.2).
  private static func holds(_ condition: String?, _ file: Facts) -> Bool {
    guard let condition else { return true }
    if condition == file.etag { return true }
    guard let modified = file.modified, modified < file.now else { return false }
    return HTTPDate.parse(condition) == modified
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
}
