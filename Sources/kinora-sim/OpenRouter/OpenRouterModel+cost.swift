import KinoraModel

extension OpenRouterModel {
  /// What a request is billed. The most special price that fits wins.
  func cost(shape: Shape, resolution: String, fromImage: Bool) -> MicroUSD {
    let sound = shape.audio ? "_with_audio" : "_without_audio"
    let size = "_\(resolution.lowercased())"
    let endings = ["\(sound)\(size)", sound, size, ""]
    let mode = fromImage ? "image_to_video_" : "text_to_video_"
    for stem in ["\(mode)duration_seconds", "duration_seconds"] {
      if let rate = price(stem, endings) { return Self.money(rate * Double(shape.seconds)) }
    }
    for stem in ["cents_per_video_output_second", "cents_per_second_output"] {
      if let cents = price(stem, endings) {
        let input = fromImage ? price("cents_per_image_input", [""]) ?? 0 : 0
        return Self.money((cents * Double(shape.seconds) + input) / 100)
      }
    }
    // A token is 1024 pixels of 24 frames a second.
    let tokens = Double(shape.width * shape.height * shape.seconds * 24) / 1024
    return Self.money((price("video_tokens", endings) ?? 0) * tokens)
  }

  private func price(_ stem: String, _ endings: [String]) -> Double? {
    endings.lazy.compactMap { ending in
      prices.first { $0.name == stem + ending }.flatMap { Double($0.amount) }
    }.first
  }

  private static func money(_ usd: Double) -> MicroUSD {
    MicroUSD(Int64((usd * 1_000_000).rounded()))
  }
}
