import KinoraModel

/// What one Veo model takes (ai.google.dev/gemini-api/docs/video, parameter table).
struct VeoModel: Sendable {
  let id: String
  let durations: [Int]
  let resolutions: [String]
  var references = 0
  var extends = false
  var samples = 1
  /// USD a second at 720p, 1080p and 4k.
  let rates: [String: Double]

  /// The Gemini API's names. All were shut down by October 2026; compatible hosts still take them.
  static let gemini = [
    VeoModel(
      id: "veo-3.1-generate-preview", durations: [4, 6, 8], resolutions: ["720p", "1080p", "4k"],
      references: 3, extends: true, rates: ["720p": 0.40, "1080p": 0.40, "4k": 0.60]),
    VeoModel(
      id: "veo-3.1-fast-generate-preview", durations: [4, 6, 8],
      resolutions: ["720p", "1080p", "4k"], references: 3, extends: true,
      rates: ["720p": 0.10, "1080p": 0.12, "4k": 0.30]),
    VeoModel(
      id: "veo-3.1-lite-generate-preview", durations: [4, 6, 8], resolutions: ["720p", "1080p"],
      rates: ["720p": 0.05, "1080p": 0.08]),
    VeoModel(
      id: "veo-3.0-generate-001", durations: [4, 6, 8], resolutions: ["720p", "1080p"],
      rates: ["720p": 0.40, "1080p": 0.40]),
    VeoModel(
      id: "veo-3.0-fast-generate-001", durations: [4, 6, 8], resolutions: ["720p", "1080p"],
      rates: ["720p": 0.15, "1080p": 0.15]),
    VeoModel(
      id: "veo-2.0-generate-001", durations: [5, 6, 8], resolutions: [], samples: 2,
      rates: ["720p": 0.35]),
  ]

  /// Vertex AI's names, which live on.
  static let vertex = [
    VeoModel(
      id: "veo-3.1-generate-001", durations: [4, 6, 8], resolutions: ["720p", "1080p", "4k"],
      references: 3, extends: true, samples: 4,
      rates: ["720p": 0.40, "1080p": 0.40, "4k": 0.60]),
    VeoModel(
      id: "veo-3.1-fast-generate-001", durations: [4, 6, 8],
      resolutions: ["720p", "1080p", "4k"], references: 3, extends: true, samples: 4,
      rates: ["720p": 0.10, "1080p": 0.12, "4k": 0.30]),
    VeoModel(
      id: "veo-3.1-lite-generate-001", durations: [4, 6, 8], resolutions: ["720p", "1080p"],
      samples: 4, rates: ["720p": 0.05, "1080p": 0.08]),
  ]

  /// Silent up to version 2.
  var hasAudio: Bool { !id.hasPrefix("veo-2") }

  func cost(seconds: Int, resolution: String, samples: Int) -> MicroUSD {
    MicroUSD(Int64((rates[resolution] ?? 0.40) * Double(seconds * samples) * 1_000_000 + 0.5))
  }
}
