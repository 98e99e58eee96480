import KinoraPlugin

/// Images: from text, or from text and pictures.
extension OpenAIVideos {
  /// Millionths of a dollar a token. https://developers.openai.com/api/docs/models, November 2026.
  private struct Rates {
    var text, image, output: Double
  }
  private static func rates(_ model: String) -> Rates? {
    if model.hasPrefix("gpt-image-2") { return Rates(text: 5, image: 8, output: 30) }
    if model.hasPrefix("gpt-image-1.5") { return Rates(text: 5, image: 8, output: 32) }
    if model.hasPrefix("gpt-image-1-mini") { return Rates(text: 2, image: 2.5, output: 8) }
    return nil
  }

  func drawing(_ job: Job, _ format: String, _ dialect: Dialect, _ context: Context)
    throws(Failure) -> Request
  {
    guard ["png", "jpeg", "webp"].contains(format) else {
      throw Failure(.invalid, "options.output_format must be png, jpeg or webp")
    }
    var fields = JSON.fields([
      "prompt": .string(job.prompt), "model": .string(job.model),
      "n": job.count > 1 ? JSON(job.count) : .null, "size": JSON(job.size),
    ])
    fields.merge(job.options)
    let headers = dialect.authorized + ["accept": "application/json"]
    guard !job.inputs.isEmpty else {
      return .post(
        dialect.url("/images/generations"), .paid, headers: headers, json: fields)
    }
    var form = Multipart()
    form.fields(fields)
    let name = job.inputs.count == 1 ? "image" : "image[]"
    for (at, input) in job.inputs.enumerated() {
      guard input.ref != nil else {
        throw Failure(.invalid, "\(input.role) must be given as bytes")
      }
      form.file(name, input, name: "image\(at).\(input.mime.dropFirst(6))")
    }
    return .post(
      dialect.url("/images/edits"), .paid, headers: headers, body: form.body(context))
  }

  /// `{"data":[{"b64_json"}],"usage":{"input_tokens","output_tokens","input_tokens_details"}}`. GPT
  /// models never answer with addresses; compatible hosts do.
  func images(_ response: Response, _ job: Job, _ format: String, _ context: Context)
    throws(Failure) -> Output
  {
    let answer = try response.answer(Self.submitErrors, context)
    let images = response.assets(
      at: "/data", ["b64_json", "url"], in: answer, mime: "image/\(format)", context)
    return try Output(
      fetchable: images, costMicroUSD: Self.cost(answer["usage"], job.model),
      otherwise: "the provider answered without an image")
  }

  /// What the answer's own token counts cost; nil without them.
  private static func cost(_ usage: JSON, _ model: String) -> Int64? {
    guard let rates = rates(model), let output = usage["output_tokens"].double,
      let input = usage["input_tokens"].double, (0...1e9).contains(output),
      (0...1e9).contains(input)
    else { return nil }
    let images = min(max(usage["input_tokens_details"]["image_tokens"].double ?? input, 0), input)
    let sum = output * rates.output + images * rates.image + (input - images) * rates.text
    return Int64(sum.rounded(.up))
  }
}
