import KinoraPlugin

/// `pricing_skus` as rules of a catalog: `duration_seconds_with_audio_4k` is a price of a second, with
/// sound, at 4K; `cents_…` are hundredths.
///
/// A price list with a line that is not understood gives no rules at all: a quote may be too high,
/// never too low. Lines about what is not offered here (continuing a video, a resolution that the model
/// no longer has) do not count.
struct PriceList {
  /// In the order in which a catalog looks through them: the most special first. Empty for a model
  /// whose price cannot be told before it ran, as with prices of tokens.
  let rules: [JSON]

  private static let source = "https://openrouter.ai/api/v1/videos/models"
  /// How a line's name begins, what it counts, how many digits to move the point.
  private static let stems: [(name: String, per: String, kind: String?, isCents: Bool)] = [
    ("text_to_video_duration_seconds", "second", "text-to-video", false),
    ("image_to_video_duration_seconds", "second", nil, false),
    ("duration_seconds", "second", nil, false),
    ("cents_per_video_output_second", "second", nil, true),
    ("cents_per_second_output", "second", nil, true),
    ("cents_per_image_input", "input_image", nil, true),
  ]

  init(_ list: JSON, _ resolutions: [String]) {
    var found: [(rank: Int, rule: JSON)] = []
    for member in list.members where !Self.isElsewhere(member.key) {
      guard let stem = Self.stems.first(where: { member.key.hasPrefix($0.name) }),
        let usd = member.value.string.flatMap({ Self.dollars($0, isCents: stem.isCents) })
      else {
        rules = []
        return
      }
      var rule: JSON = ["per": .string(stem.per), "usd": .string(usd)]
      rule["kind"] = JSON(stem.kind)
      var rest = member.key.dropFirst(stem.name.count)
      for (word, sound) in [("_with_audio", true), ("_without_audio", false)]
      where rest.hasPrefix(word) {
        rule["audio"] = .bool(sound)
        rest = rest.dropFirst(word.count)
      }
      if !rest.isEmpty {
        guard rest.first == "_", Self.isResolution(rest.dropFirst()) else {
          rules = []
          return
        }
        let word = rest.dropFirst().lowercased()
        guard let offered = resolutions.first(where: { $0.lowercased() == word }) else { continue }
        rule["resolution"] = .string(offered)
      }
      rule["source"] = .string(Self.source)
      let rank =
        (rule["kind"].isNull ? 4 : 0) + (rule["audio"].isNull ? 2 : 0)
        + (rule["resolution"].isNull ? 1 : 0)
      found.append((rank, rule))
    }
    // Names decide between equals, so that the order is the same whatever the list's was.
    rules = found.enumerated().sorted {
      ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset)
    }
    .map(\.element.rule)
  }

  private static func isElsewhere(_ name: String) -> Bool {
    name.contains("video_continuation") || name.contains("video_input")
  }

  /// `480p`, `4k`.
  private static func isResolution(_ word: some StringProtocol) -> Bool {
    guard let last = word.last, last == "p" || last == "k", word.count > 1 else { return false }
    return word.dropLast().allSatisfy { $0.isASCII && $0.isNumber }
  }

  /// A plain decimal, cents with the point two places to the left; nil for any other text.
  private static func dollars(_ text: String, isCents: Bool) -> String? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), (1...9).contains(parts[0].count),
      parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
      parts.count == 1 || parts[1].count <= 16
    else { return nil }
    guard isCents else { return text }
    let whole = String(repeating: "0", count: max(0, 3 - parts[0].count)) + parts[0]
    return "\(whole.dropLast(2)).\(whole.suffix(2))\(parts.count == 2 ? parts[1] : "")"
  }
}
