import KinoraHTTP
import KinoraModel

/// The body of `POST /videos`, a form or JSON, checked as the service does.
struct OpenAIWish {
  struct Refusal: Error {
    let response: HTTPResponse

    init(_ message: String, param: String? = nil, code: String? = nil) {
      response = OpenAI.problem(400, message, param: param, code: code)
    }
  }

  /// Words of a field: JSON's numbers count as their text for servers that take them.
  private let field: (String) -> String?
  let prompt: String
  let model: String
  let shape: Shape
  let cost: MicroUSD

  private static let known = ["prompt", "model", "seconds", "size", "input_reference"]

  init(_ call: Call) throws(Refusal) {
    let form = FormData(call.body, type: call.fields["content-type"])
    let json = call.json
    guard form != nil || json?.members != nil else {
      throw Refusal("We could not parse the body of your request.")
    }
    field = { name in form?.text(name) ?? json?[name]?.string }
    prompt = field("prompt") ?? ""
    guard !prompt.isEmpty else {
      throw Refusal("Missing required parameter: 'prompt'.", param: "prompt")
    }
    model = Marker.stripped(field("model") ?? "sora-2")
    let names = form?.parts.map(\.name) ?? (json?.members ?? []).map(\.key)
    // A server of one's own (vLLM-Omni) takes any length, any size and fields of its models.
    let isOwn = model.contains("/")
    guard isOwn || model.hasPrefix("sora-2") else {
      throw Refusal("The model '\(model)' does not exist.", param: "model", code: "model_not_found")
    }
    if !isOwn, let stranger = names.first(where: { !Self.known.contains($0) }) {
      throw Refusal(
        "Unknown parameter: '\(stranger)'.", param: stranger, code: "unknown_parameter")
    }
    let length = field("seconds") ?? (isOwn ? json?["seconds"]?.integer.map(String.init) : nil)
    let seconds = try Self.seconds(length, hasField: names.contains("seconds"), isOwn)
    let (width, height) = try Self.size(field("size") ?? "720x1280", model, isOwn)
    shape = Shape(width: width, height: height, seconds: seconds, audio: true)
    cost = isOwn ? .zero : Self.rate(model, width, height).times(Double(seconds))
    try Self.checkImage(form, json, width, height)
  }

  private static func seconds(_ text: String?, hasField: Bool, _ isOwn: Bool) throws(Refusal) -> Int
  {
    guard let text else {
      guard !hasField else {
        throw Refusal(
          "Invalid type for 'seconds': expected one of '4', '8', or '12'.", param: "seconds",
          code: "invalid_type")
      }
      return 4
    }
    guard let seconds = Int(text), isOwn ? seconds > 0 : [4, 8, 12].contains(seconds) else {
      throw Refusal(
        "Invalid value: '\(text)'. Supported values are: '4', '8', and '12'.", param: "seconds",
        code: "invalid_value")
    }
    return seconds
  }

  private static func size(_ text: String, _ model: String, _ isOwn: Bool) throws(Refusal) -> (
    Int, Int
  ) {
    let large = ["1024x1792", "1792x1024", "1080x1920", "1920x1080"]
    let all = ["720x1280", "1280x720"] + (model.hasPrefix("sora-2-pro") ? large : [])
    guard isOwn || all.contains(text), let pixels = Shape.pixels(text) else {
      let words = all.map { "'\($0)'" }.joined(separator: ", ")
      throw Refusal(
        "Invalid value: '\(text)'. Supported values are: \(words).", param: "size",
        code: "invalid_value")
    }
    return pixels
  }

  /// Dollars a second, by the list of before the shutdown.
  static func rate(_ model: String, _ width: Int, _ height: Int) -> MicroUSD {
    guard model.hasPrefix("sora-2-pro") else { return MicroUSD(100_000) }
    switch max(width, height) {
    case 1920: return MicroUSD(700_000)
    case 1792: return MicroUSD(500_000)
    default: return MicroUSD(300_000)
    }
  }

  /// The picture must be one, and a PNG must have the video's size.
  private static func checkImage(
    _ form: FormData?, _ json: JSON?, _ width: Int, _ height: Int
  ) throws(Refusal) {
    var bytes: [UInt8]?
    if let file = form?.files("input_reference").first { bytes = file.bytes }
    if let reference = json?["input_reference"], !reference.isNull {
      if reference["file_id"]?.string != nil { return }
      let url = reference["image_url"]?.string ?? ""
      if url.hasPrefix("https://") { return }
      bytes =
        url.split(separator: ",", maxSplits: 1).last.flatMap { Base64.decode(String($0)) } ?? []
    }
    guard let bytes else { return }
    guard let mime = Picture.mime(bytes), mime.hasPrefix("image/") else {
      throw Refusal("Invalid file 'input_reference'.", param: "input_reference")
    }
    guard mime == "image/png", bytes.count > 24 else { return }
    func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    guard number(16) == width, number(20) == height else {
      throw Refusal("Inpaint image must match the requested width and height")
    }
  }
}
