/// A width and a height, as `1280x720`.
public struct PixelSize: Sendable, Equatable {
  /// Pixels across.
  public var width: Int
  /// Pixels down.
  public var height: Int

  /// From `1280x720`; nil for anything else or for a side over 16,384.
  public init?(_ text: String) {
    let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    guard sides.count == 2, let width = Int(sides[0]), let height = Int(sides[1]),
      (1...16_384).contains(width), (1...16_384).contains(height)
    else { return nil }
    self.width = width
    self.height = height
  }

  /// The nearest common shape within 2 %, else the reduced fraction.
  public var aspectRatio: String {
    let ratio = Double(width) / Double(height)
    for (w, h) in Self.shapes where abs(ratio / (Double(w) / Double(h)) - 1) < 0.02 {
      return "\(w):\(h)"
    }
    var (a, b) = (width, height)
    while b != 0 { (a, b) = (b, a % b) }
    return "\(width / a):\(height / a)"
  }

  /// The word for the shorter side: `720p`, `1080p`, `4k`.
  public var resolution: String {
    let side = min(width, height)
    return side >= 2160 ? "4k" : "\(side)p"
  }

  /// The offered word nearest in meaning: shapes by ratio, resolutions and sizes by pixels.
  public static func nearest(_ want: String, in offered: [String]) -> String? {
    guard let target = magnitude(want) else { return offered.first }
    return offered.min { a, b in
      abs((magnitude(a) ?? .infinity) - target) < abs((magnitude(b) ?? .infinity) - target)
    }
  }

  private static let shapes = [
    (16, 9), (9, 16), (1, 1), (4, 3), (3, 4), (3, 2), (2, 3), (21, 9), (9, 21), (5, 4), (4, 5),
  ]

  private static func magnitude(_ word: String) -> Double? {
    if let size = PixelSize(word) { return Double(size.width * size.height).squareRoot() }
    let parts = word.split(separator: ":")
    if parts.count == 2, let w = Double(parts[0]), let h = Double(parts[1]), h > 0 { return w / h }
    let lower = word.lowercased()
    if lower.hasSuffix("k"), let k = Double(lower.dropLast()) { return k * 540 }
    if lower.hasSuffix("p"), let p = Double(lower.dropLast()) { return p }
    return nil
  }
}
