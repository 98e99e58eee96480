/// An amount of money in millionths of a US dollar. Integer, so that sums are exact.
public struct MicroUSD: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  /// Millionths of a dollar; negative only in differences.
  public var rawValue: Int64

  /// From millionths of a dollar.
  public init(rawValue: Int64) { self.rawValue = rawValue }
  /// From millionths of a dollar.
  public init(_ micros: Int64) { rawValue = micros }

  /// Nothing.
  public static let zero = Self(0)

  /// From a decimal such as `12`, `0.50` or `1.2345678`: digits past the sixth place round up, so
  /// that a limit is never read as less than was written. Nil for anything else, and from a billion
  /// dollars up, so that sums stay far from overflow.
  public init?(decimal text: some StringProtocol) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, !whole.isEmpty, whole.count <= 9,
      whole.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let dollars = Int64(whole)
    else { return nil }
    var micros = dollars * 1_000_000
    if parts.count == 2 {
      let fraction = parts[1]
      guard !fraction.isEmpty, fraction.count <= 18,
        fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) })
      else { return nil }
      let padded = (fraction + "000000").prefix(6)
      micros += Int64(padded) ?? 0
      if fraction.dropFirst(6).contains(where: { $0 != "0" }) { micros += 1 }
    }
    rawValue = micros
  }

  /// From a JSON number or decimal string of dollars; nil when it is neither or negative.
  public init?(json: JSON) {
    switch json {
    case .integer(let value) where value >= 0 && value < 1_000_000_000: rawValue = value * 1_000_000
    case .number(let value) where value >= 0 && value < 1_000_000_000:
      rawValue = Self.up(value * 1_000_000)
    case .string(let text):
      guard let value = MicroUSD(decimal: text) else { return nil }
      self = value
    default: return nil
    }
  }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public static func + (a: Self, b: Self) -> Self { Self(a.rawValue + b.rawValue) }
  public static func - (a: Self, b: Self) -> Self { Self(a.rawValue - b.rawValue) }

  /// This amount times a quantity, rounded up to the next millionth.
  public func times(_ quantity: Double) -> Self {
    Self(Self.up(Double(rawValue) * quantity))
  }

  /// Rounded up, save where only the binary form of a decimal is above the whole number:
  /// 1000 × 8.05 is 8050, though a Double says 8050.000000000001.
  private static func up(_ value: Double) -> Int64 {
    let near = value.rounded()
    let isWhole = abs(value - near) <= max(1e-9, abs(near) * 1e-15)
    return Int64(min(isWhole ? near : value.rounded(.up), 1e18))
  }

  /// As people read it: `$3.20`, `$0.004`.
  public var dollars: String {
    let sign = rawValue < 0 ? "-" : ""
    let value = rawValue.magnitude
    var fraction = String(value % 1_000_000)
    fraction = String(repeating: "0", count: 6 - fraction.count) + fraction
    while fraction.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(sign)$\(value / 1_000_000).\(fraction)"
  }
}
