import KinoraModel

/// What curl said about one transfer when it was over.
struct CurlReport: Equatable {
  var exit: Int32
  var version: String
  var connects: Int
  var sentBytes: Int64
  var receivedBytes: Int64
  /// Microseconds.
  var pretransfer: Int64
  var milliseconds: Int64

  /// The reports in what a process wrote to stderr, by transfer number.
  static func all(in text: [UInt8]) -> [Int: CurlReport] {
    var reports: [Int: CurlReport] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      guard words.count == 10, words[0] == "kinora", let number = Int(words[1]),
        let exit = Int32(words[2]), let connects = Int(words[4]), let head = Int64(words[5]),
        let up = Int64(words[6]), let down = Int64(words[7]), let before = micros(words[8]),
        let total = micros(words[9])
      else { continue }
      reports[number] = CurlReport(
        exit: exit, version: words[3] == "0" ? "" : String(words[3]), connects: connects,
        sentBytes: head + up, receivedBytes: down, pretransfer: before, milliseconds: total / 1000)
    }
    return reports
  }

  /// Cuts what a process writes to stderr into reports while it comes. Loop's thread.
  final class Lines: @unchecked Sendable {
    private var rest: [UInt8] = []

    /// The reports that are whole with these bytes.
    func take(_ bytes: UnsafeRawBufferPointer) -> [Int: CurlReport] {
      rest += bytes
      guard let end = rest.lastIndex(of: 0x0a) else {
        // Not one of ours: curl's own words, and too many of them.
        if rest.count > 65_536 { rest = [] }
        return [:]
      }
      defer { rest.removeFirst(end + 1) }
      return all(in: Array(rest[...end]))
    }
  }

  /// True when it is proven that no byte of the request left: the timer of the first byte never ran,
  /// and the failure is none of sending.
  var provesNothingSent: Bool {
    pretransfer == 0 && exit != 0 && !CurlExit.whileSending.contains(exit)
  }

  /// `0.001234` seconds, read as whole microseconds. Some builds write a comma for the point.
  private static func micros(_ text: Substring) -> Int64? {
    let parts = text.split(whereSeparator: { $0 == "." || $0 == "," })
    guard parts.count == 2, parts[1].count == 6, let whole = Int64(parts[0]),
      let rest = Int64(parts[1])
    else { return nil }
    return whole * 1_000_000 + rest
  }
}
