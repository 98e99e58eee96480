import KinoraModel

/// What a request for an image asks for, checked field by field.
struct StillWish: Sendable {
  /// 422.
  struct Refusal: Error { var message: String }

  let model: String
  let prompt: String
  let tag: String?
  let shape: Shape
  let cost: MicroUSD

  private static let sizes = ["1024x1024", "1280x720", "720x1280", "512x512", "2048x2048"]
  private static let fields = [
    "model", "prompt", "negative_prompt", "size", "seed", "tag", "image",
  ]

  init(_ json: JSON?) throws(Refusal) {
    guard let json, let members = json.members else {
      throw Refusal(message: "the body is not a JSON object")
    }
    for member in members where !Self.fields.contains(member.key) {
      throw Refusal(message: "unknown field \(member.key)")
    }
    model = Marker.stripped(json["model"]?.string ?? "still-1")
    guard model == "still-1" else { throw Refusal(message: "there is no model \(model)") }
    guard let prompt = json["prompt"]?.string, !prompt.isEmpty else {
      throw Refusal(message: "prompt is missing")
    }
    self.prompt = prompt
    tag = json["tag"]?.string
    let size = json["size"]?.string ?? Self.sizes[0]
    guard Self.sizes.contains(size), let (width, height) = Shape.pixels(size) else {
      throw Refusal(message: "size is one of \(Self.sizes.joined(separator: ", "))")
    }
    if let seed = json["seed"], seed.integer ?? -1 < 0 {
      throw Refusal(message: "seed is a whole number from 0")
    }
    if let negative = json["negative_prompt"], negative.string == nil {
      throw Refusal(message: "negative_prompt is a text")
    }
    if let image = json["image"] {
      guard let text = image.string, text.hasPrefix("data:image/"),
        let data = text.split(separator: ",", maxSplits: 1).last,
        Picture.isPicture(base64: String(data))
      else { throw Refusal(message: "image is data:image/…;base64,…") }
    }
    shape = Shape(container: .png, width: width, height: height)
    cost = MicroUSD(size == "2048x2048" ? 30_000 : 10_000)
  }
}
