import KinoraHTTP
import KinoraModel

/// A submit's body, checked as the provider does.
struct OpenRouterWish {
  struct Refusal: Error {
    let response: HTTPResponse

    /// With what the router tells of the step that refused.
    init(parameters message: String) {
      response = OpenRouter.problem(
        400, message,
        metadata: [
          "routing_funnel": [["step": "Initial Endpoints", "endpoint_count": 1]],
          "failed_routing_step": "Validate Video Parameters",
        ])
    }

    init(_ status: Int, _ message: String) { response = OpenRouter.problem(status, message) }
  }

  let model: OpenRouterModel
  let shape: Shape
  let cost: MicroUSD

  init(_ json: JSON?, jobs: JobBook) throws(Refusal) {
    guard let json, json.members != nil else { throw Refusal(400, "Invalid JSON body") }
    guard let slug = json["model"]?.string, !slug.isEmpty else {
      throw Refusal(400, "model: Required")
    }
    let id = Marker.stripped(slug)
    guard let model = OpenRouterModel.find(id) else { throw Refusal(404, "Model \(id) not found") }
    self.model = model
    let hasImage = try Self.checkImages(json, model)
    if (json["prompt"]?.string ?? "").isEmpty, !hasImage {
      let who = id.hasPrefix("x-ai/") ? "xAI" : id
      throw Refusal(
        parameters: "\(who) video generations require a prompt when no image input is provided")
    }
    let seconds = try Self.seconds(json, model)
    let (width, height, resolution) = try Self.frame(json, model)
    if json["seed"]?.integer != nil, model.seed != true {
      throw Refusal(parameters: "seed is not supported for this model")
    }
    if json["generate_audio"]?.bool == true, model.audio != true {
      throw Refusal(parameters: "generate_audio is not supported for this model")
    }
    if let previous = json["previous_job_id"]?.string {
      guard jobs[previous] != nil else { throw Refusal(404, "Job \(previous) not found") }
      throw Refusal(400, "\(id)-20260901 does not support previous_job_id")
    }
    shape = Shape(
      width: width, height: height, seconds: seconds,
      audio: json["generate_audio"]?.bool ?? (model.audio == true))
    cost = model.cost(shape: shape, resolution: resolution, fromImage: hasImage)
  }

  private static func seconds(_ json: JSON, _ model: OpenRouterModel) throws(Refusal) -> Int {
    guard let wish = json["duration"], !wish.isNull else { return model.usualDuration }
    guard let value = wish.integer else {
      throw Refusal(
        400, "duration: Expected number, received \(wish.string == nil ? "other" : "string")")
    }
    guard let seconds = Int(exactly: value), model.durations.contains(seconds) else {
      let list = model.durations.map(String.init).joined(separator: ", ")
      throw Refusal(
        parameters: "Duration \(value)s is not supported for this model. "
          + "Supported durations: \(list)s")
    }
    return seconds
  }

  private static func frame(
    _ json: JSON, _ model: OpenRouterModel
  ) throws(Refusal) -> (width: Int, height: Int, resolution: String) {
    let resolution = json["resolution"]?.string ?? model.usualResolution
    guard model.resolutions.contains(resolution) else {
      throw Refusal(
        parameters: "Resolution \(resolution) is not supported for this model. "
          + "Supported resolutions: \(model.resolutions.joined(separator: ", "))")
    }
    let aspect = json["aspect_ratio"]?.string ?? model.aspects[0]
    guard model.aspects.contains(aspect) else {
      throw Refusal(
        parameters: "Aspect ratio \(aspect) is not supported for this model. "
          + "Supported aspect ratios: \(model.aspects.joined(separator: ", "))")
    }
    guard let size = json["size"]?.string else {
      let size = Shape.fitting(short: OpenRouterModel.short(resolution), aspect: aspect)
      return (size.width, size.height, resolution)
    }
    for resolution in model.resolutions {
      for aspect in model.aspects {
        let fit = Shape.fitting(short: OpenRouterModel.short(resolution), aspect: aspect)
        if size == "\(fit.width)x\(fit.height)" { return (fit.width, fit.height, resolution) }
      }
    }
    throw Refusal(parameters: "Size \(size) is not supported for this model.")
  }

  /// True when the request brings an image.
  private static func checkImages(
    _ json: JSON, _ model: OpenRouterModel
  ) throws(Refusal) -> Bool {
    let frames = json["frame_images"]?.array ?? []
    for (at, frame) in frames.enumerated() {
      let kind = frame["frame_type"]?.string ?? ""
      guard ["first_frame", "last_frame"].contains(kind) else {
        throw Refusal(400, "frame_images[\(at)].frame_type: Invalid option")
      }
      guard model.frames?.contains(kind) == true else {
        throw Refusal(parameters: "\(kind) is not supported for this model.")
      }
      try check(frame["image_url"]?["url"], "frame_images[\(at)].image_url.url")
    }
    let references = json["input_references"]?.array ?? []
    for (at, reference) in references.enumerated() {
      let type = reference["type"]?.string ?? ""
      let field = "input_references[\(at)].\(type).url"
      let url = reference[type]?["url"]
      if type != "image_url", url?.string?.hasPrefix("https://") != true {
        throw Refusal(400, "Invalid reference URL: \(field): Only HTTPS URLs are allowed")
      }
      if type == "image_url" { try check(url, field) }
    }
    return !frames.isEmpty || !references.isEmpty
  }

  private static func check(_ url: JSON?, _ field: String) throws(Refusal) {
    let text = url?.string ?? ""
    if text.hasPrefix("data:image/"), let data = text.split(separator: ",", maxSplits: 1).last,
      Picture.isPicture(base64: String(data))
    {
      return
    }
    guard text.hasPrefix("https://") else {
      throw Refusal(400, "Invalid reference URL: \(field)")
    }
  }
}
