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
    let content =
      try [["type": "text", "text": .string(job.prompt)]]
      + job.inputs("reference").map(image)
    let config = JSON.fields([
      "aspect_ratio": JSON(job.aspectRatio), "image_size": JSON(job.resolution),
    ])
    let body = JSON.fields([
      "messages": [
        ["role": "user", "content": content.count == 1 ? .string(job.prompt) : .array(content)]
      ],
      "model": .string(job.model), "modalities": ["image", "text"], "stream": false,
      "image_config": config.members.isEmpty ? .null : config,
    ])
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
      throw Failure(.refused, Words(error).or("the provider failed the picture"))
    }
    let assets = response.assets(
      at: "/choices/0/message/images", ["image_url/url"], in: answer, mime: "image/png", context)
    guard assets.isEmpty else {
      let cost = answer["usage"]["cost"].microUSD
      return .succeed(Output(assets: assets, costMicroUSD: cost, handle: answer["id"].text))
    }
    let words = Words(choice["message"]["refusal"], choice["message"]["content"])
    if choice["finish_reason"].string == "content_filter" {
      throw Failure(.refused, "the provider's filter refused the content\(words.said)")
    }
    guard !choice.isNull else {
      throw Failure(.protocol, "the provider answered without a choice")
    }
    let said = words.isEmpty ? "" : ", it said\(words.said)"
    throw Failure(.refused, "the model made no picture\(said)")
  }
}
