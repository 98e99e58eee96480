import KinoraHTTP
import KinoraModel

/// A submit's body, checked as the tables of the older interface say.
struct KlingWish {
  static let kinds = ["text2video", "image2video", "multi-image2video", "video-extend"]
  /// Models by path.
  private static let models: [String: [String]] = [
    "text2video": [
      "kling-v1", "kling-v1-6", "kling-v2-master", "kling-v2-1-master", "kling-v2-5-turbo",
      "kling-v2-6", "kling-v3",
    ],
    "image2video": [
      "kling-v1", "kling-v1-5", "kling-v1-6", "kling-v2-master", "kling-v2-1",
      "kling-v2-1-master", "kling-v2-5-turbo", "kling-v2-6", "kling-v3",
    ],
    "multi-image2video": ["kling-v1-6"],
  ]
  private static let common = [
    "prompt", "negative_prompt", "cfg_scale", "watermark_info", "callback_url", "external_task_id",
  ]
  private static let usual =
    common + [
      "model_name", "mode", "duration", "sound", "camera_control", "multi_shot", "shot_type",
      "multi_prompt", "element_list", "voice_list",
    ]
  private static let fields = [
    "text2video": usual + ["aspect_ratio"],
    "image2video": usual + ["image", "image_tail", "static_mask", "dynamic_masks"],
    "multi-image2video": common + ["model_name", "mode", "duration", "aspect_ratio", "image_list"],
    "video-extend": common + ["video_id"],
  ]

  struct Refusal: Error {
    let response: HTTPResponse
    init(_ message: String) { response = KlingError.problem(400, 1201, message) }
    init(_ response: HTTPResponse) { self.response = response }
  }

  let model: String
  let prompt: String
  let tag: String?
  let mode: String
  let seconds: Int
  let hasSound: Bool
  let aspect: String

  /// - Parameter source: the clip that `video_id` names.
  init(_ json: JSON?, kind: String, source: Job?) throws(Refusal) {
    guard let json, let members = json.members else { throw Refusal("The body is not JSON") }
    for member in members where Self.fields[kind]?.contains(member.key) != true {
      throw Refusal("\(member.key): unknown parameter")
    }
    prompt = json["prompt"]?.string ?? ""
    tag = json["external_task_id"]?.string
    guard prompt.unicodeScalars.count <= 2500 else { throw Refusal("prompt: size must be <= 2500") }
    if kind == "video-extend" {
      guard let source else { throw Refusal("video_id: not found") }
      guard ["kling-v1", "kling-v1-5", "kling-v1-6"].contains(source.model) else {
        throw Refusal("video_id: this model's videos cannot be extended")
      }
      (model, mode) = (source.model, source.details["mode"]?.string ?? "std")
      (seconds, hasSound, aspect) = (source.shape.seconds + 5, false, "16:9")
      return
    }
    model = Marker.stripped(json["model_name"]?.string ?? "kling-v1")
    guard Self.models[kind]?.contains(model) == true else {
      throw Refusal(
        KlingError.problem(404, 1203, "The model \(model) is not supported by \(kind)"))
    }
    mode = json["mode"]?.string ?? "std"
    guard ["std", "pro"].contains(mode) || mode == "4k" && model == "kling-v3" else {
      throw Refusal("mode: must be std or pro")
    }
    // A string, never a number.
    let text = json["duration"].map { $0.string ?? "number" } ?? "5"
    let lengths = model == "kling-v3" ? (3...15).map(String.init) : ["5", "10"]
    guard lengths.contains(text), let count = Int(text) else {
      throw Refusal("duration: must be one of \(lengths.joined(separator: ", "))")
    }
    seconds = count
    aspect = json["aspect_ratio"]?.string ?? "16:9"
    guard ["16:9", "9:16", "1:1"].contains(aspect) else { throw Refusal("aspect_ratio: invalid") }
    if json["cfg_scale"] != nil, !model.hasPrefix("kling-v1") {
      throw Refusal("cfg_scale is not supported by \(model)")
    }
    hasSound = json["sound"]?.string == "on"
    if hasSound, !(model == "kling-v3" || model == "kling-v2-6" && mode == "pro") {
      throw Refusal("sound is not supported by \(model) in mode \(mode)")
    }
    try Self.checkImages(json, kind, model, mode)
    if kind == "text2video", prompt.isEmpty, json["multi_shot"]?.bool != true {
      throw Refusal("prompt: must not be empty")
    }
  }

  private static func checkImages(
    _ json: JSON, _ kind: String, _ model: String, _ mode: String
  ) throws(Refusal) {
    var images = [json["image"], json["image_tail"]].compactMap(\.self)
    if kind == "multi-image2video" {
      images = (json["image_list"]?.array ?? []).compactMap { $0["image"] }
      guard (1...4).contains(images.count) else { throw Refusal("image_list: size must be 1 to 4") }
    } else if kind == "image2video", images.isEmpty {
      throw Refusal("image: at least one of image and image_tail is needed")
    }
    if json["image_tail"] != nil, mode != "pro",
      ["kling-v1-5", "kling-v1-6", "kling-v2-1", "kling-v2-5-turbo", "kling-v2-6"].contains(model)
    {
      throw Refusal("image_tail is not supported by \(model) in mode \(mode)")
    }
    for image in images { try check(image.string ?? "") }
  }

  /// Raw base64 without `data:`, or an address.
  static func check(_ image: String) throws(Refusal) {
    if image.hasPrefix("https://") || image.hasPrefix("http://") { return }
    guard !image.hasPrefix("data:"), Picture.isPicture(base64: image) else {
      throw Refusal("File is not in a valid base64 format")
    }
  }
}
