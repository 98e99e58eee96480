import KinoraHTTP
import KinoraModel

/// A start's body, checked.
struct VercelWish {
  private static let fields = [
    "prompt", "n", "aspectRatio", "resolution", "duration", "fps", "seed", "generateAudio",
    "image", "frameImages", "inputReferences", "providerOptions", "callbackUrl",
  ]
  /// Longest body of a start.
  static let longest = 300 * 1024

  struct Refusal: Error {
    let response: HTTPResponse
    init(_ message: String, param: JSON = .null) {
      response = Vercel.problem(400, "invalid_request_error", message, param: param)
    }
    init(_ response: HTTPResponse) { self.response = response }
  }

  let model: VercelModel
  let shape: Shape
  let cost: MicroUSD
  let count: Int

  init(_ json: JSON?, slug: String) throws(Refusal) {
    let id = Marker.stripped(slug)
    guard let model = VercelModel.find(id) else {
      throw Refusal(
        Vercel.problem(
          404, "model_not_found", "Model '\(id)' not found", param: ["modelId": .string(id)]))
    }
    self.model = model
    guard let json, let members = json.members else { throw Refusal("the body is not JSON") }
    for member in members where !Self.fields.contains(member.key) {
      throw Refusal("Unrecognized key: \(member.key)")
    }
    guard json["prompt"]?.string != nil else { throw Refusal("prompt: expected string") }
    guard let n = json["n"]?.integer, (1...4).contains(n) else {
      throw Refusal("n: expected a number")
    }
    count = Int(n)
    try Self.checkMedia(json, model)
    let length = json["duration"]?.integer ?? Int64(model.durations.lowerBound)
    guard model.durations.contains(Int(length)) else {
      throw Refusal("duration: not supported by \(id)")
    }
    let tier = try Self.tier(json, model)
    guard let rate = model.rates[tier] else { throw Refusal("resolution: not supported by \(id)") }
    let isLoud = json["generateAudio"]?.bool ?? false
    let short = ["480p": 480, "720p": 720, "1080p": 1080, "4k": 2160][tier] ?? 720
    let frame = Shape.fitting(short: short, aspect: json["aspectRatio"]?.string ?? "16:9")
    shape = Shape(
      width: frame.width, height: frame.height, seconds: Int(length), audio: isLoud)
    cost = MicroUSD((isLoud ? rate.loud : rate.silent) * 1000 * length * n)
  }

  private static func tier(_ json: JSON, _ model: VercelModel) throws(Refusal) -> String {
    if model.refusesResolution {
      guard json["resolution"] == nil else { throw Refusal("resolution is not supported") }
      return json["providerOptions"]?["klingai"]?["mode"]?.string == "pro" ? "1080p" : "720p"
    }
    guard let wish = json["resolution"] else { return "720p" }
    guard let pixels = wish.string.flatMap(Shape.pixels) else {
      throw Refusal("resolution: expected WIDTHxHEIGHT")
    }
    return ["480": "480p", "720": "720p", "1080": "1080p", "2160": "4k"][String(pixels.height)]
      ?? "unknown"
  }

  private static func checkMedia(_ json: JSON, _ model: VercelModel) throws(Refusal) {
    var files = json["inputReferences"]?.array ?? []
    for frame in json["frameImages"]?.array ?? [] {
      guard ["first_frame", "last_frame"].contains(frame["frameType"]?.string ?? "") else {
        throw Refusal("frameImages.frameType: invalid")
      }
      files.append(frame["image"] ?? [:])
    }
    if let image = json["image"] { files.append(image) }
    for file in files {
      switch file["type"]?.string {
      case "url": guard file["url"]?.string != nil else { throw Refusal("url: expected string") }
      case "file":
        guard !model.wantsAddress else {
          throw Refusal("\(model.owner) models take images by URL only")
        }
        guard Picture.isPicture(base64: file["data"]?.string ?? "") else {
          throw Refusal("image: unreadable")
        }
      default: throw Refusal("image.type: expected file or url")
      }
    }
  }
}
