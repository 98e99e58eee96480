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
    if let input = job.inputs.first(where: { !["first_frame", "reference"].contains($0.role) }) {
      throw Failure(.invalid, "a custom endpoint takes no \(input.role)")
    }
    // What is checked and priced is said by the request's own fields alone.
    if let option = job.options.members.first(where: { Self.own.contains($0.key) }) {
      throw Failure(.invalid, "options.\(option.key) is a field of the request: say it there")
    }
    let images = try job.inputs.map { input throws(Failure) in try input.dataURL() }
    var body = JSON.fields([
      "model": .string(job.model), "prompt": JSON(unlessEmpty: job.prompt),
      "aspect_ratio": JSON(job.aspectRatio), "duration": JSON(job.seconds),
      "resolution": JSON(job.resolution), "size": JSON(job.size), "fps": JSON(job.fps),
      "seed": JSON(job.seed), "negative_prompt": JSON(job.negativePrompt),
      "generate_audio": JSON(job.audio), "n": job.count > 1 ? JSON(job.count) : .null,
      "reference_images": JSON(unlessEmpty: images),
    ])
    body.merge(job.options)
    // A server without keys gets none.
    let key = context.has("api_key") ? bearer("api_key") : nil
    let request = Request.post(
      context.baseURL + "/videos/generations", .paid,
      headers: ["authorization": key, "accept": "application/json"], json: body)
    return .send(request.liftingStrings(), .waiting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    let answer = try response.answer(Self.errors, context)
    let videos = response.assets(
      at: "/data", ["b64_json", "url"], in: answer, mime: "video/mp4", context)
    guard !videos.isEmpty || answer["error"].isNull else {
      throw Failure(.failed, Words(answer["error"]), provider: "the server")
    }
    return .succeed(
      try Output(
        fetchable: videos, costMicroUSD: answer["usage"]["cost"].microUSD,
        otherwise: "the server answered without a video: data[0].b64_json is missing"))
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    throw Failure(.protocol, "there is nothing to poll: the answer is the result")
  }

  /// `{"error":{"message","type","code"}}`, or `{"detail"}` as FastAPI writes it.
  private static let errors: [ErrorRule] = [
    ErrorRule(.refused, "content refused", says: ["moderation", "content_policy"]),
    ErrorRule(
      .exhausted, "the server's account has no credit left", codes: ["insufficient_quota"]),
    // On a submit a missing route is a wrong base_url or model, not a job that is gone.
    ErrorRule(
      .invalid, "the server has no such model or no /videos/generations (404)", status: [404]),
  ]
}
