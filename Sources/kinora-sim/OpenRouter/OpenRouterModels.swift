extension OpenRouterModel {
  /// The video models of October 2026 that make a video from text or an image.
  static let all: [OpenRouterModel] = google + xai + kling + seedance + wan + others

  static func find(_ id: String) -> OpenRouterModel? { all.first { $0.id == id } }

  private static let google = [
    OpenRouterModel(
      "google/veo-3.1", "720p 1080p 4K", "16:9 9:16", [4, 6, 8], frames: "first last",
      audio: true, seed: true,
      [
        "duration_seconds_with_audio": "0.40", "duration_seconds_with_audio_4k": "0.60",
        "duration_seconds_without_audio": "0.20", "duration_seconds_without_audio_4k": "0.40",
      ]),
    OpenRouterModel(
      "google/veo-3.1-fast", "720p 1080p 4K", "16:9 9:16", [4, 6, 8], frames: "first last",
      audio: true, seed: true,
      [
        "duration_seconds_with_audio": "0.12", "duration_seconds_with_audio_720p": "0.10",
        "duration_seconds_with_audio_4k": "0.30", "duration_seconds_without_audio": "0.10",
        "duration_seconds_without_audio_720p": "0.08",
        "duration_seconds_without_audio_4k": "0.25",
      ]),
    OpenRouterModel(
      "google/veo-3.1-lite", "720p 1080p", "16:9 9:16", [8, 4, 6], frames: "first last",
      audio: true, seed: true,
      [
        "duration_seconds_with_audio": "0.08", "duration_seconds_with_audio_720p": "0.05",
        "duration_seconds_without_audio": "0.05", "duration_seconds_without_audio_720p": "0.03",
      ]),
  ]

  private static let xai = [
    OpenRouterModel(
      "x-ai/grok-imagine-video", "480p 720p", "16:9 9:16 1:1 4:3 3:4 3:2 2:3", Array(1...15),
      frames: "first",
      [
        "cents_per_video_output_second_480p": "5", "cents_per_video_output_second_720p": "7",
        "cents_per_image_input": "0.2",
      ]),
    OpenRouterModel(
      "x-ai/grok-imagine-video-1.5", "480p 720p 1080p", "16:9 9:16 1:1 4:3 3:4 3:2 2:3",
      Array(1...15), frames: "first",
      [
        "cents_per_video_output_second_480p": "8", "cents_per_video_output_second_720p": "14",
        "cents_per_video_output_second_1080p": "25", "cents_per_image_input": "1",
      ]),
  ]

  private static let kling = [
    OpenRouterModel(
      "kwaivgi/kling-v3.0-std", "720p", "16:9 9:16 1:1", Array(3...15), frames: "first last",
      audio: true, seed: false,
      ["duration_seconds": "0.084", "duration_seconds_with_audio": "0.126"]),
    OpenRouterModel(
      "kwaivgi/kling-v3.0-pro", "720p", "16:9 9:16 1:1", Array(3...15), frames: "first last",
      audio: true, seed: false,
      ["duration_seconds": "0.112", "duration_seconds_with_audio": "0.168"]),
    OpenRouterModel(
      "kwaivgi/kling-video-o1", "720p", "16:9 9:16 1:1", [5, 10], frames: "first last",
      audio: true, seed: false, ["duration_seconds": "0.1120"]),
  ]

  private static let seedance = [
    OpenRouterModel(
      "bytedance/seedance-2.0", "480p 720p 1080p 4K", "1:1 3:4 9:16 4:3 16:9 21:9 9:21",
      Array(4...15), frames: "first last", audio: true, seed: true,
      [
        "video_tokens": "0.000007", "video_tokens_1080p": "0.0000077",
        "video_tokens_4k": "0.000004",
      ]),
    OpenRouterModel(
      "bytedance/seedance-2.0-fast", "480p 720p", "1:1 3:4 9:16 4:3 16:9 21:9 9:21",
      Array(4...15), frames: "first last", audio: true, seed: true,
      ["video_tokens": "0.0000042"]),
    OpenRouterModel(
      "bytedance/seedance-2.0-mini", "480p 720p", "1:1 3:4 9:16 4:3 16:9 21:9 9:21",
      Array(4...15), frames: "first last", audio: true, seed: true,
      ["video_tokens": "0.0000035"]),
    OpenRouterModel(
      "bytedance/seedance-2.5", "480p 720p", "1:1 3:4 9:16 4:3 16:9 21:9", Array(4...30),
      frames: "first last", audio: true, seed: true, ["video_tokens": "0.0000107"]),
    OpenRouterModel(
      "bytedance/seedance-1-5-pro", "480p 720p 1080p", "1:1 3:4 9:16 4:3 16:9 21:9 9:21",
      Array(4...12), frames: "first last", audio: true, seed: true,
      ["video_tokens": "0.0000024", "video_tokens_without_audio": "0.0000012"]),
  ]

  private static let wan = [
    OpenRouterModel(
      "alibaba/wan-2.6", "720p 1080p", "16:9 9:16", [5, 10], frames: "first", audio: true,
      seed: true,
      [
        "text_to_video_duration_seconds_720p": "0.08",
        "text_to_video_duration_seconds_1080p": "0.12",
        "image_to_video_duration_seconds_720p": "0.10",
        "image_to_video_duration_seconds_1080p": "0.15",
      ]),
    OpenRouterModel(
      "alibaba/wan-2.7", "720p 1080p", "16:9 9:16 1:1 4:3 3:4", Array(2...10),
      frames: "first last", audio: true, seed: true, ["duration_seconds": "0.1"]),
    OpenRouterModel(
      "alibaba/wan-3.0", "480p 720p 1080p", "16:9 9:16 1:1 4:3 3:4", Array(2...30),
      frames: "first", audio: true, seed: true,
      [
        "duration_seconds_480p": "0.05", "duration_seconds_720p": "0.1",
        "duration_seconds_1080p": "0.2",
      ]),
  ]

  private static let others = [
    OpenRouterModel(
      "openai/sora-2-pro", "720p 1080p", "16:9 9:16", [4, 8, 12, 16, 20], audio: true,
      seed: false, ["duration_seconds_720p": "0.30", "duration_seconds_1080p": "0.50"]),
    OpenRouterModel(
      "minimax/hailuo-2.3", "1080p", "16:9", [6, 10], frames: "first", audio: false,
      ["duration_seconds": "0.0817"]),
    OpenRouterModel(
      "minimax/hailuo-3", "2K", "16:9 9:16 1:1 4:3 3:4 21:9", Array(5...15),
      frames: "first last", audio: true, seed: false, ["duration_seconds": "0.13"]),
    OpenRouterModel(
      "runway/gen-4.5", "720p", "16:9 9:16", Array(2...10), frames: "first", audio: false,
      seed: true, ["cents_per_second_output": "12"]),
    OpenRouterModel(
      "black-forest-labs/flux-3-video", "720p 1080p", "16:9 9:16 1:1 4:3 3:4 21:9",
      Array(5...20), frames: "first last", audio: true, seed: false,
      [
        "cents_per_video_output_second_720p": "17", "cents_per_video_output_second_1080p": "29",
      ]),
  ]
}
