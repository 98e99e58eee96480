import KinoraPlugin

/// Pictures, by chat.
///
/// ```
/// POST /chat/completions  {"model","messages","modalities":["image","text"],"image_config"?}
///   200 {"choices":[{"finish_reason","message":{"content","images":[{"image_url":{"url"}}]}}],"usage":{"cost"}}
/// ```
/// Source: OpenRouter's documentation of image generation and its Python SDK 1.3.84 (`ChatRequest`,
/// `ChatAssistantImages`); the members of `image_config` as in the documentation. A picture is a
/// `data:` URL or an address.
extension OpenRouter {
  /// The one request of a picture: its answer brings it.
  func picture(_ job: Job, _ context: Context) throws(Failure) -> Request {
    var content: [JSON] = [["type": "text", "text": .string(job.prompt)]]
    for reference in job.inputs("reference") { content.append(try image(reference)) }
    var config: JSON = .object([])
    config["aspect_ratio"] = JSON(job.aspectRatio)
    config["image_size"] = JSON(job.resolution)
    var body: JSON = [
      "messages": [
        ["role": "user", "content": content.count == 1 ? .string(job.prompt) : .array(content)]
      ],
      "model": .string(job.model), "modalities": ["image", "text"], "stream": false,
    ]
    if !config.members.isEmpty { body["image_config"] = config }
    return Request.post(
      context.baseURL + "/chat/completions", .paid, headers: key + json, json: body
    ).liftingStrings()
  }

  /// The answer to it. Words instead of a picture are a refusal, whatever the status says.
  func pictured(_ response: Response, _ context: Context) throws(Failure) -> Step<State> {
    guard response.isSuccess else { throw refusal(response, polled: nil, context) }
    let answer = try response.json()
    let choice = answer["choices"][0]
    let error = choice["error"].isNull ? answer["error"] : choice["error"]
    guard error.isNull else {
      let words = Failure.cleaned(error["message"].string ?? error.string ?? "")
      throw Failure(.refused, words.isEmpty ? "the provider failed the picture" : words)
    }
    let message = choice["message"]
    let assets = message["images"].array.enumerated().compactMap { at, image -> Asset? in
      if let url = image["image_url"]["url"].string, url.hasPrefix("https://") { return .url(url) }
      let place = "/choices/0/message/images/\(at)/image_url/url"
      return response.asset(at: place, in: answer, mime: "image/png")
    }
    guard !assets.isEmpty else {
      let words = Failure.cleaned(message["refusal"].string ?? message["content"].string ?? "")
      if choice["finish_reason"].string == "content_filter" {
        throw Failure(
          .refused,
          "the provider's filter refused the content" + (words.isEmpty ? "" : ": \(words)"))
      }
      guard !choice.isNull else {
        throw Failure(.protocol, "the provider answered without a choice")
      }
      throw Failure(
        .refused, "the model made no picture" + (words.isEmpty ? "" : ", it said: \(words)"))
    }
    return .succeed(
      Output(
        assets: assets, costMicroUSD: answer["usage"]["cost"].microUSD, handle: answer["id"].text))
  }
}
