extension HTTPDate {
  /// The Unix time in seconds of a date in any of the three forms that a recipient has to accept
  /// (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
  /// `Sun Nov  6 08:49:37 1994`. Nil for anything else, and before 1970.
  public static func parse(_ text: String) -> Int64? {
    guard text.utf8.count <= 40 else { return nil }
    let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" })
    guard words.count == 6 || words.count == 5 else { return nil }
    if words.count == 6, words[5] == "GMT" {
      return time(day: words[1], month: words[2], year: words[3], clock: words[4])
    }
    guard words.count == 5 else { return nil }
    return time(day: words[2], month: words[1], year: words[4], clock: words[3])
  }

  private static func time(
    day: Substring, month: Substring, year: Substring, clock: Substring
  ) -> Int64? {
    guard let day = number(day, 1...31), let month = months.firstIndex(of: String(month)),
      var year = number(year, 0...9999)
    else { return nil }
    // Two digits are of the last century where this one would be 50 years ahead.
    if year < 100 { year += year > 76 ? 1900 : 2000 }
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, year >= 1970, let hour = number(parts[0], 0...23),
      let minute = number(parts[1], 0...59), let second = number(parts[2], 0...60)
    else { return nil }
    // Days by counting years from March, so that a leap day comes last.
    let shifted = month < 2 ? year - 1 : year
    let ofYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + ofYear - 719_468
    return Int64(days * 86_400 + hour * 3600 + minute * 60 + second)
  }

  private static func number(_ text: Substring, _ range: ClosedRange<Int>) -> Int? {
    guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let value = Int(text), range.contains(value)
    else { return nil }
    return value
  }
}
