import KinoraHTTP
import KinoraModel

/// The body of a submit, checked as the provider's reference says.
struct ZaiWish {
  struct Refusal: Error {
    let response: HTTPResponse

    init(_ code: String, _ message: String) { response = Zai.problem(400, code, message) }
  }

  private struct Model {
    var images: ClosedRange<Int>
    var seconds: [Int]
    var sizes: [String]
    var cost: Int64
    var fields: [String]
  }

  private static let common = [
    "model", "prompt", "image_url", "request_id", "user_id", "watermark_enabled", "duration",
    "size",
  ]
  private static let models: [String: Model] = {
    let wide = ["1920x1080"]
    let small = ["1280x720"]
    let move = ["movement_amplitude"]
    let sound = move + ["with_audio"]
    let cog = [
      "1280x720", "720x1280", "1024x1024", "1920x1080", "1080x1920", "2048x1080", "3840x2160",
    ]
    return [
      "cogvideox-3": Model(
        images: 0...2, seconds: [5, 10], sizes: cog, cost: 200_000,
        fields: ["quality", "with_audio", "fps"]),
      "viduq1-text": Model(
        images: 0...0, seconds: [5], sizes: wide, cost: 400_000,
        fields: move + ["style", "aspect_ratio"]),
      "viduq1-image": Model(
        images: 1...1, seconds: [5], sizes: wide, cost: 400_000, fields: move),
      "viduq1-start-end": Model(
        images: 2...2, seconds: [5], sizes: wide, cost: 400_000, fields: move),
      "vidu2-image": Model(images: 1...1, seconds: [4], sizes: small, cost: 200_000, fields: sound),
      "vidu2-start-end": Model(
        images: 2...2, seconds: [4], sizes: small + ["480x360"], cost: 200_000, fields: sound),
      "vidu2-reference": Model(
        images: 1...3, seconds: [4], sizes: small, cost: 400_000, fields: sound + ["aspect_ratio"]),
    ]
  }()

  let model: String
  let shape: Shape
  let cost: MicroUSD

  init(_ json: JSON?) throws(Refusal) {
    guard let json, let members = json.members else { throw Refusal("1210", "Invalid parameter") }
    guard let name = json["model"]?.string else { throw Refusal("1213", "model not received") }
    model = Marker.stripped(name)
    guard let row = Self.models[model] else { throw Refusal("1211", "Model does not exist") }
    let known = Self.common + row.fields
    if let stranger = members.first(where: { !known.contains($0.key) && !$0.value.isNull }) {
      throw Refusal("1210", "Invalid parameter: \(stranger.key)")
    }
    let prompt = json["prompt"]?.string ?? ""
    guard prompt.unicodeScalars.count <= 512 else { throw Refusal("1214", "Invalid prompt") }
    let images = try Self.images(json["image_url"])
    guard row.images.contains(images) else { throw Refusal("1214", "Invalid image_url") }
    guard !prompt.isEmpty || images > 0 else { throw Refusal("1213", "prompt not received") }
    let seconds = json["duration"]?.integer.map(Int.init) ?? row.seconds[0]
    guard row.seconds.contains(seconds) else { throw Refusal("1214", "Invalid duration") }
    let size = json["size"]?.string ?? row.sizes[0]
    guard row.sizes.contains(size), let pixels = Shape.pixels(size) else {
      throw Refusal("1214", "Invalid size")
    }
    if let fps = json["fps"]?.integer, fps != 30, fps != 60 { throw Refusal("1214", "Invalid fps") }
    if images == 2, json["quality"]?.string == "quality" {
      throw Refusal("1214", "Invalid quality")
    }
    shape = Shape(
      width: pixels.width, height: pixels.height, seconds: seconds,
      fps: json["fps"]?.integer.map(Int.init) ?? 0, audio: json["with_audio"]?.bool ?? false)
    cost = MicroUSD(row.cost)
  }

  /// How many there are: a string, or an array of them.
  private static func images(_ value: JSON?) throws(Refusal) -> Int {
    guard let value, !value.isNull else { return 0 }
    let list = value.array ?? [value]
    for item in list {
      let text = item.string ?? ""
      let isData =
        text.hasPrefix("data:image/")
        && Picture.isPicture(base64: String(text.split(separator: ",", maxSplits: 1).last ?? ""))
      guard isData || text.hasPrefix("https://") else {
        throw Refusal("1214", "Invalid image_url")
      }
    }
    return list.count
  }
}
