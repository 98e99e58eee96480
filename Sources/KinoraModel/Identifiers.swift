/// A job's public name: `video_` and 128 random bits in hexadecimal.
public struct JobID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
  /// The whole name.
  public let rawValue: String

  /// From a name as a client wrote it; nothing is checked.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// A new name from 16 random bytes.
  public init(random bytes: [UInt8]) { rawValue = "video_" + bytes.hexadecimal }

  public var description: String { rawValue }
}

/// Milliseconds since 1970-01-01 UTC.
public typealias Milliseconds = Int64

extension Sequence where Element == UInt8 {
  /// Two lower-case digits a byte.
  public var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in self {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension String {
  /// The bytes of an even number of hexadecimal digits, else nil.
  public var hexadecimalBytes: [UInt8]? {
    let digits = Array(utf8)
    guard digits.count % 2 == 0 else { return nil }
    func value(_ byte: UInt8) -> UInt8? {
      switch byte {
      case 0x30...0x39: byte - 0x30
      case 0x61...0x66: byte - 0x57
      case 0x41...0x46: byte - 0x37
      default: nil
      }
    }
    var bytes: [UInt8] = []
    for i in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[i]), let low = value(digits[i + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }
}

/// Calendar arithmetic without a calendar: UTC only.
public enum UTC {
  /// The day of a moment, `2026-11-21`. Budgets count by it.
  public static func day(_ at: Milliseconds) -> String {
    let (year, month, day) = date(days: floorDivide(at, 86_400_000))
    return "\(year)-\(two(month))-\(two(day))"
  }

  /// RFC 3339 with milliseconds, `2026-11-21T08:15:30.250Z`.
  public static func timestamp(_ at: Milliseconds) -> String {
    let days = floorDivide(at, 86_400_000)
    let rest = at - days * 86_400_000
    let (h, m) = (rest / 3_600_000, rest / 60_000 % 60)
    let (s, ms) = (rest / 1000 % 60, rest % 1000)
    return "\(day(at))T\(two(h)):\(two(m)):\(two(s)).\(ms < 10 ? "00" : ms < 100 ? "0" : "")\(ms)Z"
  }

  /// Milliseconds of `2026-09-24` or `2026-09-24T10:00:00Z`; nil for anything else.
  public static func parse(_ text: String) -> Milliseconds? {
    let date = text.prefix(10).split(separator: "-").compactMap { Int64($0) }
    guard date.count == 3, (1...12).contains(date[1]), (1...31).contains(date[2]) else {
      return nil
    }
    var milliseconds = days(year: date[0], month: date[1], day: date[2]) * 86_400_000
    let rest = text.dropFirst(10)
    // What the calendar does not have (30 February) comes back as another day.
    guard day(milliseconds) == text.prefix(10) else { return nil }
    if rest.isEmpty { return milliseconds }
    guard rest.hasPrefix("T"), rest.hasSuffix("Z") else { return nil }
    let clock = rest.dropFirst().dropLast().split(separator: ":")
    guard clock.count == 3, let h = Int64(clock[0]), let m = Int64(clock[1]),
      let s = Int64(clock[2].prefix(2)), (0..<24).contains(h), (0..<60).contains(m),
      (0..<61).contains(s)
    else { return nil }
    milliseconds += (h * 3600 + m * 60 + s) * 1000
    return milliseconds
  }

  private static func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    a >= 0 ? a / b : -((-a + b - 1) / b)
  }

  // Days since 1970-01-01 and back, by eras of 400 years that begin in March.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = floorDivide(y, 400)
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(days: Int64) -> (Int64, Int64, Int64) {
    let z = days + 719_468
    let era = floorDivide(z, 146_097)
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1
    )
  }
}
