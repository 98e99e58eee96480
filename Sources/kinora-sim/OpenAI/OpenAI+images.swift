import KinoraHTTP
import KinoraModel

extension OpenAI {
  /// Tokens of a square image by quality, as OpenAI's guide lists them; others take half more.
  private static let tokens = ["low": 272, "medium": 1056, "high": 4160, "auto": 1056]

  /// `POST /images/generations` in JSON and `POST /images/edits` as a form: answered when it is there.
  func draw(_ call: Call, isEdit: Bool) -> Route {
    let form = isEdit ? FormData(call.body, type: call.fields["content-type"]) : nil
    @Sendable func field(_ name: String) -> String? {
      form?.text(name) ?? call.json?[name]?.string
    }
    let prompt = field("prompt") ?? ""
    let subject = Route.Subject(prompt: prompt, model: field("model") ?? "", identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      let model = Marker.stripped(field("model") ?? "")
      guard model.hasPrefix("gpt-image-"), model != "gpt-image-1" else {
        return Self.problem(
          404, "The model `\(model)` does not exist or you do not have access to it.",
          param: "model", code: "model_not_found")
      }
      guard !prompt.isEmpty else {
        return Self.problem(400, "Missing required parameter: 'prompt'.", param: "prompt")
      }
      let pictures = (form?.files("image") ?? []) + (form?.files("image[]") ?? [])
      let isPicture = pictures.allSatisfy { Picture.mime($0.bytes)?.hasPrefix("image/") == true }
      guard !isEdit || (!pictures.isEmpty && isPicture) else {
        return Self.problem(400, "Invalid image file or mode.", param: "image")
      }
      let size = field("size") ?? "1024x1024"
      let count = call.json?["n"]?.integer.map(Int.init) ?? field("n").flatMap { Int($0) } ?? 1
      let quality = field("quality") ?? "auto"
      let format = field("output_format") ?? "png"
      guard let pixels = Shape.pixels(size), let square = Self.tokens[quality],
        let container = Shape.Container(rawValue: format), container != .mp4,
        (1...10).contains(count)
      else { return Self.problem(400, "Invalid value.", code: "invalid_value") }
      let tokens = (pixels.width == pixels.height ? square : square * 3 / 2) * count
      var job = Job(
        id: "img_\(world.dice.lowercase(20))", provider: name, kind: "image", model: model,
        prompt: prompt, created: now(),
        shape: Shape(container: container, width: pixels.width, height: pixels.height),
        cost: MicroUSD(Int64(tokens * 30 + 12 * 5 + pictures.count * 1000 * 8)))
      job.render = 1000
      let made = await world.create(job, route: subject).job
      return await picture(made, count: count, tokens: tokens, inputs: pictures.count)
    }
  }

  private func picture(_ job: Job, count: Int, tokens: Int, inputs: Int) async -> HTTPResponse {
    let stage = await world.end(of: job)
    guard stage != .filtered else {
      return Self.problem(
        400, "Your request was rejected by the safety system.",
        type: "image_generation_user_error", code: "moderation_blocked")
    }
    guard stage == .succeeded, let bytes = await world.bytes(job) else {
      return failure(.status(500))
    }
    let item: JSON = ["b64_json": .string(Base64.encode(bytes))]
    let data =
      job.outcomes.contains(.successWithoutAsset) ? [] : Array(repeating: item, count: count)
    return .json(
      200,
      [
        "created": JSON(now() / 1000), "data": .array(data), "background": "opaque",
        "output_format": .string(job.shape.container.rawValue), "quality": "medium",
        "size": .string("\(job.shape.width)x\(job.shape.height)"),
        "usage": [
          "input_tokens": JSON(12 + inputs * 1000), "output_tokens": JSON(tokens),
          "total_tokens": JSON(12 + inputs * 1000 + tokens),
          "input_tokens_details": ["text_tokens": 12, "image_tokens": JSON(inputs * 1000)],
        ],
      ])
  }
}
