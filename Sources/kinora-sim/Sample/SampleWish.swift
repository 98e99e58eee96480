import KinoraHTTP
import KinoraModel

/// A submit's body, checked.
struct SampleWish {
  static let models = [
    "clip", "clip-tagged", "clip-keyed", "clip-unpriced", "clip-upload", "clip-sync",
  ]
  static let imageModels = ["still-image"]
  static let sizes = ["1280x720", "720x1280", "1024x1024"]
  static let aspects = ["16:9": "1280x720", "9:16": "720x1280", "1:1": "1024x1024"]
  static let seconds = 1...20
  private static let fields = [
    "model", "prompt", "tag", "negative_prompt", "seconds", "size", "aspect_ratio", "resolution",
    "audio", "seed", "image", "last_image", "references",
  ]

  /// Why a body is refused.
  struct Refusal: Error {
    let response: HTTPResponse

    init(
      _ code: String, _ message: String, field: String? = nil, allowed: [String] = [],
      status: Int = 422
    ) {
      response = Sample.problem(status, code, message, field: field, allowed: allowed)
    }
  }

  let model: String
  let prompt: String
  let tag: String?
  let shape: Shape

  init(_ json: JSON?, models: [String], isUpload: (String) -> Bool) throws(Refusal) {
    guard let members = json?.members, let json else {
      throw Refusal("malformed", "the body is not a JSON object", status: 400)
    }
    for member in members where !Self.fields.contains(member.key) {
      throw Refusal(
        "unknown_field", "unknown field \(member.key)", field: member.key, allowed: Self.fields)
    }
    let wanted = Marker.stripped(json["model"]?.string ?? "")
    guard models.contains(wanted) else {
      throw Refusal(
        "model_not_found", "there is no model \(wanted)", field: "model", allowed: models,
        status: 404)
    }
    guard let prompt = json["prompt"]?.string, !prompt.isEmpty else {
      throw Refusal("invalid", "prompt is a text that is not empty", field: "prompt")
    }
    model = wanted
    self.prompt = prompt
    tag = json["tag"]?.string
    try Self.checkImages(json, isUpload)
    guard let (width, height) = Shape.pixels(try Self.size(json)) else {
      throw Refusal("invalid", "size is WIDTHxHEIGHT", field: "size", allowed: Self.sizes)
    }
    shape = Shape(
      width: width, height: height, seconds: try Self.length(json),
      audio: json["audio"]?.bool ?? false)
  }

  private static func size(_ json: JSON) throws(Refusal) -> String {
    if let aspect = json["aspect_ratio"], !aspect.isNull, json["size"]?.string == nil {
      guard let size = aspect.string.flatMap({ aspects[$0] }) else {
        throw Refusal(
          "invalid", "aspect_ratio is not supported", field: "aspect_ratio",
          allowed: aspects.keys.sorted())
      }
      return size
    }
    guard let size = json["size"], !size.isNull else { return sizes[0] }
    guard let text = size.string, sizes.contains(text) else {
      throw Refusal("invalid", "size is not supported", field: "size", allowed: sizes)
    }
    return text
  }

  private static func length(_ json: JSON) throws(Refusal) -> Int {
    guard let value = json["seconds"], !value.isNull else { return 5 }
    guard let count = value.integer, let count = Int(exactly: count), seconds.contains(count)
    else {
      throw Refusal(
        "invalid", "seconds is a whole number from 1 to 20", field: "seconds", allowed: ["1…20"])
    }
    return count
  }

  private static func checkImages(
    _ json: JSON, _ isUpload: (String) -> Bool
  ) throws(Refusal) {
    for field in ["image", "last_image"] {
      if let image = json[field], !image.isNull, !isImage(image, isUpload) {
        throw Refusal("invalid", "\(field) is not an image", field: field, allowed: imageForms)
      }
    }
    for image in json["references"]?.array ?? [] where !isImage(image, isUpload) {
      throw Refusal(
        "invalid", "references holds something else than images", field: "references",
        allowed: imageForms)
    }
  }

  private static let imageForms = ["data:image/…;base64,…", "https://…", "upload:ID"]

  private static func isImage(_ json: JSON, _ isUpload: (String) -> Bool) -> Bool {
    if let text = json.string {
      if text.hasPrefix("upload:") { return isUpload(String(text.dropFirst(7))) }
      guard text.hasPrefix("data:image/") else { return isURL(text) }
      return text.split(separator: ",", maxSplits: 1).last
        .map { Picture.isPicture(base64: String($0)) } ?? false
    }
    if let upload = json["upload"]?.string { return isUpload(upload) }
    if let data = json["data"]?.string { return Picture.isPicture(base64: data) }
    return json["url"]?.string.map(isURL) ?? false
  }

  private static func isURL(_ text: String) -> Bool {
    text.hasPrefix("https://") || text.hasPrefix("http://")
  }
}
