import KinoraModel

/// Some of the gateway's video models, with their rates as the feed had them in October 2026.
struct VercelModel: Sendable {
  let id: String
  let durations: ClosedRange<Int>
  /// Thousandths of a dollar a second without and with sound, by tier.
  let rates: [String: (silent: Int64, loud: Int64)]
  /// Takes images by address only.
  var wantsAddress = false
  /// Refuses `resolution`.
  var refusesResolution = false

  var owner: String { id.split(separator: "/").first.map(String.init) ?? "" }

  static func find(_ id: String) -> VercelModel? { all.first { $0.id == id } }

  static let all = [
    VercelModel(
      id: "google/veo-3.1-generate-001", durations: 4...8,
      rates: ["720p": (200, 400), "1080p": (200, 400), "4k": (400, 600)]),
    VercelModel(
      id: "google/veo-3.1-fast-generate-001", durations: 4...8,
      rates: ["720p": (100, 150), "1080p": (100, 150), "4k": (300, 350)]),
    VercelModel(
      id: "google/veo-3.1-lite-generate-001", durations: 4...8,
      rates: ["720p": (30, 50), "1080p": (50, 80)]),
    VercelModel(
      id: "klingai/kling-v2.6-t2v", durations: 5...10,
      rates: ["720p": (42, 42), "1080p": (70, 140)], refusesResolution: true),
    VercelModel(
      id: "klingai/kling-v2.6-i2v", durations: 5...10,
      rates: ["720p": (42, 42), "1080p": (70, 140)], refusesResolution: true),
    VercelModel(
      id: "alibaba/wan-v2.6-t2v", durations: 2...15,
      rates: ["720p": (100, 100), "1080p": (150, 150)], wantsAddress: true),
    VercelModel(
      id: "alibaba/wan-v2.6-i2v", durations: 2...15,
      rates: ["720p": (100, 100), "1080p": (150, 150)], wantsAddress: true),
    VercelModel(
      id: "bytedance/seedance-2.0", durations: 4...15,
      rates: ["480p": (71, 71), "720p": (152, 152), "1080p": (375, 375)], wantsAddress: true),
    VercelModel(
      id: "spacexai/grok-imagine-video", durations: 1...15,
      rates: ["480p": (50, 50), "720p": (70, 70)]),
    VercelModel(id: "bfl/flux-3-video", durations: 5...20, rates: ["720p": (90, 90)]),
  ]

  /// As the public list shows it.
  var json: JSON {
    var rows: [JSON] = []
    for (tier, rate) in rates.sorted(by: { $0.key < $1.key }) {
      for (audio, price) in [(false, rate.silent), (true, rate.loud)] {
        rows.append([
          "resolution": .string(tier), "audio": .bool(audio),
          "cost_per_second": .string(MicroUSD(price * 1000).decimal),
        ])
      }
    }
    return [
      "id": .string(id), "object": "model", "created": 1_760_486_400, "owned_by": .string(owner),
      "name": .string(id), "type": "video", "tags": ["video-generation"],
      "pricing": ["video_duration_pricing": .array(rows)],
    ]
  }
}
