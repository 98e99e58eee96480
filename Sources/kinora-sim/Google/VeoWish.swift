import KinoraHTTP
import KinoraModel

/// The body of a `predictLongRunning`, checked as the live service did.
struct VeoWish {
  struct Refusal: Error {
    let response: HTTPResponse
    init(_ message: String) { response = GoogleError.invalid(message) }
    /// The same sentence for every field that a model does not know.
    static func unsupported(_ field: String) -> Refusal {
      Refusal(
        "`\(field)` isn't supported by this model. Please remove it or refer to the Gemini API "
          + "documentation for supported usage.")
    }
  }

  let shape: Shape
  let samples: Int
  let cost: MicroUSD

  /// - Parameter isVertex: Vertex AI knows more parameters and other places for media.
  init(_ json: JSON?, _ model: VeoModel, isVertex: Bool) throws(Refusal) {
    guard let instance = json?["instances"]?[0] else {
      throw Refusal("Invalid value at 'instances': at least one instance is needed.")
    }
    let parameters = json?["parameters"] ?? [:]
    try Self.checkMedia(instance, model, isVertex)
    try Self.checkNames(parameters, model, isVertex)
    let hasImage = instance["image"] != nil || instance["video"] != nil
    if (instance["prompt"]?.string ?? "").isEmpty, !hasImage {
      throw Refusal("The prompt is empty. Please provide a prompt or an image.")
    }
    // An extension on Vertex AI has 7 seconds, and says so.
    let adds = isVertex && instance["video"] != nil
    if adds, parameters["durationSeconds"]?.double != 7 {
      throw Refusal("durationSeconds must be 7 for a video extension.")
    }
    let seconds = adds ? 7 : try Self.seconds(parameters, model)
    let resolution = parameters["resolution"]?.string ?? "720p"
    if !model.resolutions.isEmpty, !model.resolutions.contains(resolution) {
      throw Refusal("\(resolution) for resolution is currently not supported.")
    }
    let isLong = instance["referenceImages"] != nil || instance["video"] != nil
    if resolution != "720p" || isLong, !adds, seconds != 8 {
      throw Refusal("durationSeconds must be 8 for this request.")
    }
    let aspect = parameters["aspectRatio"]?.string ?? "16:9"
    guard ["16:9", "9:16"].contains(aspect) else {
      throw Refusal("\(aspect) for aspectRatio is currently not supported.")
    }
    if parameters["personGeneration"]?.string == "dont_allow", model.hasAudio, !isVertex {
      throw Refusal("dont_allow for personGeneration is currently not supported.")
    }
    samples = Int(parameters["sampleCount"]?.integer ?? 1)
    guard (1...model.samples).contains(samples) else {
      throw Refusal("sampleCount must be between 1 and \(model.samples), inclusive.")
    }
    let short = resolution == "4k" ? 2160 : resolution == "1080p" ? 1080 : 720
    let frame = Shape.fitting(short: short, aspect: aspect)
    shape = Shape(
      width: frame.width, height: frame.height, seconds: seconds,
      fps: Int(parameters["fps"]?.integer ?? 24),
      audio: model.hasAudio && parameters["generateAudio"]?.bool ?? true)
    cost = model.cost(seconds: seconds, resolution: resolution, samples: samples)
  }

  private static func seconds(_ parameters: JSON, _ model: VeoModel) throws(Refusal) -> Int {
    guard let wish = parameters["durationSeconds"] else { return 8 }
    guard let value = wish.double else {
      throw Refusal("The value type for `durationSeconds` needs to be a number.")
    }
    guard let seconds = Int(exactly: value), model.durations.contains(seconds) else {
      let (low, high) = (model.durations.min() ?? 4, model.durations.max() ?? 8)
      throw Refusal(
        "The number value for `durationSeconds` is out of bound. "
          + "Please provide a value between \(low) and \(high), inclusive.")
    }
    return seconds
  }

  private static func checkNames(
    _ parameters: JSON, _ model: VeoModel, _ isVertex: Bool
  ) throws(Refusal) {
    var known = [
      "sampleCount", "durationSeconds", "aspectRatio", "resolution", "personGeneration",
      "negativePrompt", "enhancePrompt", "seed",
    ]
    if isVertex {
      known += ["storageUri", "fps", "generateAudio", "compressionQuality", "resizeMode"]
    }
    for member in parameters.members ?? []
    where !known.contains(member.key) || member.key == "resolution" && model.resolutions.isEmpty {
      throw Refusal.unsupported(member.key)
    }
  }

  private static func checkMedia(
    _ instance: JSON, _ model: VeoModel, _ isVertex: Bool
  ) throws(Refusal) {
    for field in ["image", "lastFrame"] {
      if let image = instance[field] { try check(image, isVertex) }
    }
    if instance["lastFrame"] != nil, instance["image"] == nil {
      throw Refusal("lastFrame needs an image as the first frame.")
    }
    let references = instance["referenceImages"]?.array ?? []
    if references.count > model.references { throw Refusal.unsupported("referenceImages") }
    for reference in references {
      // The client sends ASSET, the documentation says asset.
      guard reference["referenceType"]?.string?.lowercased() == "asset" else {
        throw Refusal("referenceType is not supported by this model.")
      }
      try check(reference["image"] ?? [:], isVertex)
    }
    guard let video = instance["video"] else { return }
    guard model.extends else { throw Refusal.unsupported("video") }
    for field in ["inlineData", "encodedVideo", "encoding"] where video[field] != nil {
      throw Refusal.unsupported(field)
    }
    guard let uri = (video["uri"] ?? (isVertex ? video["gcsUri"] : nil))?.string else {
      throw Refusal("Video URI not found in the request.")
    }
    guard isVertex || uri.contains("files/") else {
      throw Refusal("Could not parse the file name")
    }
  }

  private static func check(_ image: JSON, _ isVertex: Bool) throws(Refusal) {
    for field in ["inlineData", "imageBytes", "data"] where image[field] != nil {
      throw Refusal.unsupported(field)
    }
    if isVertex, image["gcsUri"]?.string?.hasPrefix("gs://") == true { return }
    guard let data = image["bytesBase64Encoded"]?.string, Picture.isPicture(base64: data) else {
      throw Refusal("Unable to process input image. Please provide a valid image.")
    }
    guard image["mimeType"]?.string != nil else {
      throw Refusal("The mimeType of the image is missing.")
    }
  }
}
