import KinoraModel

/// A video model of the Interactions interface.
struct OmniModel: Sendable {
  let id: String
  /// Seconds.
  let durations: ClosedRange<Int>
  /// Millionths of a dollar for one token of video.
  let tokenRate: Double
  var isRetired = false

  static let all = [
    OmniModel(id: "gemini-omni-1.1-flash", durations: 3...10, tokenRate: 17.5),
    OmniModel(id: "gemini-omni-1.2-flash", durations: 3...15, tokenRate: 12.1),
    OmniModel(
      id: "gemini-omni-flash-preview", durations: 3...10, tokenRate: 17.5, isRetired: true),
  ]

  /// Tokens of one second by resolution.
  static let tokens = ["360p": 1738, "720p": 5792, "1080p": 8688, "4k": 17_376]
  static let shorts = ["360p": 360, "720p": 720, "1080p": 1080, "4k": 2160]
}
