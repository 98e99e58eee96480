import KinoraPlugin

/// A server that makes a video while one waits, in the shape of OpenAI's image API:
///
/// ```
/// POST /videos/generations   {"model","prompt","aspect_ratio","duration","resolution","reference_images"}
///                            200 {"data":[{"b64_json"} or {"url"}]}
/// ```
/// The host puts the base64 into a file as it arrives: nothing of the media is in memory here. The answer
/// is the result; if it is lost, the video is. Nothing can be asked for later, so a lost submit is held
/// for a person. The key is optional, models come from the configuration.
struct Custom: Provider {
  static let manifest = Manifest(
    id: "net.kinora.custom", name: "Custom endpoint", version: "1.0.0", catalog: customCatalog)

  private static let own: Set<String> = [
    "model", "prompt", "aspect_ratio", "duration", "resolution", "size", "fps", "seed",
    "negative_prompt", "generate_audio", "n", "reference_images",
  ]

  /// The answer is due.
  enum State: Codable { case waiting }

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    var body: JSON = ["model": .string(job.model)]
    body["prompt"] = job.prompt.isEmpty ? .null : .string(job.prompt)
    body["aspect_ratio"] = JSON(job.aspectRatio)
    body["duration"] = JSON(job.seconds)
    body["resolution"] = JSON(job.resolution)
    body["size"] = JSON(job.size)
    body["fps"] = JSON(job.fps)
    body["seed"] = JSON(job.seed)
    body["negative_prompt"] = JSON(job.negativePrompt)
    body["generate_audio"] = JSON(job.audio)
    if job.count > 1 { body["n"] = JSON(job.count) }
    var images: [JSON] = []
    for input in job.inputs {
      guard input.role != "last_frame", input.role != "video", input.role != "audio" else {
        throw Failure(.invalid, "a custom endpoint takes no \(input.role)")
      }
      guard input.ref != nil else {
        throw Failure(.invalid, "\(input.role) must be given as bytes or as an https address")
      }
      images.append(.dataURL(input))
    }
    if !images.isEmpty { body["reference_images"] = .array(images) }
    for option in job.options.members {
      // What is checked and priced is said by the request's own fields alone.
      guard !Self.own.contains(option.key) else {
        throw Failure(.invalid, "options.\(option.key) is a field of the request: say it there")
      }
      body[option.key] = option.value
    }
    let request = Request.post(
      context.baseURL + "/videos/generations", .paid,
      headers: key(context) + ["accept": "application/json"], json: body)
    return .send(request.liftingStrings(), .waiting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    guard response.isSuccess else { throw refusal(response, context) }
    let answer = try response.json()
    var assets: [Asset] = []
    for (at, item) in answer["data"].array.enumerated() {
      let place = "/data/\(at)/b64_json"
      if let asset = response.asset(at: place, in: answer, mime: "video/mp4") {
        assets.append(asset)
      } else if let url = item["url"].string, isAddress(url, context) {
        assets.append(.url(url))
      }
    }
    guard !assets.isEmpty else {
      guard answer["error"].isNull else { throw Failure(.refused, words(answer["error"])) }
      throw Failure(.refused, "the server answered without a video: data[0].b64_json is missing")
    }
    return .succeed(Output(assets: assets, costMicroUSD: answer["usage"]["cost"].microUSD))
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    throw Failure(.protocol, "there is nothing to poll: the answer is the result")
  }

  /// A server without keys gets none.
  private func key(_ context: Context) -> Headers {
    let has = context.config["credentials"].array.contains { $0.string == "api_key" }
    return has ? ["authorization": bearer("api_key")] : [:]
  }

  private func isAddress(_ url: String, _ context: Context) -> Bool {
    url.hasPrefix("https://")
      || (context.baseURL.hasPrefix("http://") && url.hasPrefix("http://"))
  }

  private func words(_ error: JSON) -> String {
    let words = Failure.cleaned(error["message"].string ?? error.string ?? "")
    return words.isEmpty ? "the server failed without a reason" : words
  }

  /// `{"error":{"message","type","code"}}`, or `{"detail"}` as FastAPI writes it.
  private func refusal(_ response: Response, _ context: Context) -> Failure {
    let body = response.jsonOrNull
    let said = Failure.cleaned(
      body["error"]["message"].string ?? body["error"].string ?? body["detail"].string ?? "")
    let code = (body["error"]["code"].text ?? body["error"]["type"].string ?? "").lowercased()
    if code.contains("moderation") || code.contains("content_policy") {
      return Failure(.refused, "content refused: \(said)")
    }
    if code == "insufficient_quota" {
      return Failure(.exhausted, "the server's account has no credit left: \(said)")
    }
    // On a submit a missing route is a wrong base_url or model, not a job that is gone.
    guard response.status != 404 else {
      return Failure(
        .invalid, "the server has no such model or no /videos/generations (404): \(said)")
    }
    return Failure(response, words: said, context)
  }
}
