import KinoraHTTP
import KinoraModel

/// The body of a `POST /interactions` for a video, checked. Its JSON is snake_case.
struct InteractionWish {
  struct Refusal: Error {
    let response: HTTPResponse
    init(_ message: String, status: Int = 400, code: String = "invalid_request") {
      response = .json(
        status, ["error": ["message": .string(message), "code": .string(code)]])
    }
  }

  private static let tasks = [
    "text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale",
  ]

  let model: OmniModel
  let shape: Shape
  let tokens: Int
  let wantsURI: Bool
  let inBackground: Bool

  init(_ json: JSON?, jobs: JobBook) throws(Refusal) {
    guard let json, json.members != nil else { throw Refusal("The request body is not JSON.") }
    let id = Marker.stripped(json["model"]?.string ?? "")
    guard let model = OmniModel.all.first(where: { $0.id == id }) else {
      throw Refusal("Model \(id) was not found.", status: 404, code: "not_found")
    }
    if model.isRetired {
      throw Refusal("Model \(id) is no longer available.", status: 404, code: "not_found")
    }
    self.model = model
    let formats = json["response_format"]
    guard let format = formats?[0] ?? formats, format["type"]?.string == "video" else {
      throw Refusal("response_format.type must be video for this model.")
    }
    inBackground = json["background"]?.bool ?? false
    if inBackground, json["store"]?.bool == false {
      throw Refusal("background needs store to be true.")
    }
    let (texts, images) = try Self.contents(json["input"])
    if let task = json["generation_config"]?["video_config"]?["task"]?.string {
      guard Self.tasks.contains(task) else { throw Refusal("Unknown task: \(task)") }
      if task == "image_to_video", images == 0 {
        throw Refusal("image_to_video needs an image in the input.")
      }
    }
    if texts.isEmpty, images == 0 { throw Refusal("The input is empty.") }
    let resolution = format["resolution"]?.string ?? "720p"
    guard let perSecond = OmniModel.tokens[resolution], let short = OmniModel.shorts[resolution]
    else { throw Refusal("Unsupported resolution: \(resolution)") }
    let aspect = format["aspect_ratio"]?.string ?? "16:9"
    guard ["16:9", "9:16"].contains(aspect) else {
      throw Refusal("Unsupported aspect_ratio: \(aspect)")
    }
    let seconds = try Self.seconds(format["duration"], model)
    tokens = perSecond * seconds
    if let previous = json["previous_interaction_id"]?.string {
      guard let job = jobs[previous], !job.deleted else {
        throw Refusal("Invalid interaction name: \(previous)")
      }
      // What follows is as long as was asked; nobody has told of a stitched result.
      if job.kind != "interaction" { throw Refusal("Invalid interaction name: \(previous)") }
    }
    let frame = Shape.fitting(short: short, aspect: aspect)
    shape = Shape(
      width: frame.width, height: frame.height, seconds: seconds, fps: 24, audio: true)
    wantsURI = format["delivery"]?.string == "uri"
  }

  var cost: MicroUSD { MicroUSD(Int64((Double(tokens) * model.tokenRate).rounded())) }

  /// A protobuf Duration: a string of seconds with an s.
  private static func seconds(_ wish: JSON?, _ model: OmniModel) throws(Refusal) -> Int {
    guard let wish, !wish.isNull else { return min(8, model.durations.upperBound) }
    guard let text = wish.string, text.hasSuffix("s"), let value = Double(text.dropLast()) else {
      throw Refusal("Invalid value at 'response_format.duration' (google.protobuf.Duration)")
    }
    guard let seconds = Int(exactly: value), model.durations.contains(seconds) else {
      let (low, high) = (model.durations.lowerBound, model.durations.upperBound)
      throw Refusal("duration must be between \(low)s and \(high)s.")
    }
    return seconds
  }

  /// All text of an input, as one.
  static func prompt(_ input: JSON?) -> String {
    ((try? contents(input))?.texts ?? []).joined(separator: " ")
  }

  /// A text, a list of contents, or a list of steps that hold contents.
  private static func contents(
    _ input: JSON?
  ) throws(Refusal) -> (texts: [String], images: Int) {
    if let text = input?.string { return ([text], 0) }
    var texts: [String] = []
    var images = 0
    for item in input?.array ?? [] {
      let parts = item["content"]?.array ?? item["content"].map { [$0] } ?? [item]
      for part in parts {
        if let text = part.string ?? part["text"]?.string {
          texts.append(text)
          continue
        }
        guard ["image", "video"].contains(part["type"]?.string) else {
          throw Refusal("Unsupported input content.")
        }
        if let data = part["data"]?.string, Base64.decode(data).flatMap(Picture.mime) == nil {
          throw Refusal("Unable to process input image.")
        }
        if part["data"] == nil, part["uri"]?.string == nil {
          throw Refusal("An input needs data or uri.")
        }
        images += 1
      }
    }
    return (texts, images)
  }
}
