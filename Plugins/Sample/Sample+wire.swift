import KinoraPlugin

extension Sample {
  /// The one request that costs money.
  func submit(_ job: Job, _ context: Context, firstFrame: JSON?) -> Step<State> {
    var body: JSON = [
      "model": .string(job.model), "prompt": .string(job.prompt), "tag": .string(job.tag),
    ]
    body["negative_prompt"] = JSON(job.negativePrompt)
    body["seconds"] = JSON(job.seconds)
    body["size"] = JSON(job.size)
    body["aspect_ratio"] = JSON(job.aspectRatio)
    body["resolution"] = JSON(job.resolution)
    body["audio"] = JSON(job.audio)
    body["seed"] = JSON(job.seed)
    body["image"] = firstFrame ?? .null
    body["last_image"] = job.input("last_frame").map(image) ?? .null
    let references = job.inputs("reference").map(image)
    body["references"] = references.isEmpty ? .null : .array(references)
    let headers: Headers =
      job.model == "clip-keyed" ? ["idempotency-key": context.idempotencyKey] : [:]
    if job.kind == "image" {
      return .send(
        .post(context.baseURL + "/images", .paid, headers: headers, json: body), .submitting)
    }
    if job.model == "clip-sync" {
      return .send(
        .post(context.baseURL + "/videos:sync", .paid, headers: headers, json: body)
          .liftingStrings(), .submitting)
    }
    return .send(
      .post(context.baseURL + "/videos", .paid, headers: headers, json: body), .submitting)
  }

  /// An input as the simulator takes it.
  func image(_ input: Job.Input) -> JSON {
    input.ref == nil ? JSON(input.uri) : .dataURL(input)
  }

  /// The next step by what the provider says of the job, after the submit and after each poll.
  func follow(_ answer: JSON) throws(Failure) -> Step<State> {
    let id = try id(of: answer)
    let words = answer["error"]["message"].string.map(Failure.cleaned)
    switch answer["status"].string {
    case "succeeded":
      guard let url = answer["video"]["url"].string else {
        throw Failure(.protocol, "the provider calls the job done and names no file")
      }
      return .succeed(Output(.url(url), costMicroUSD: answer["cost_usd"].microUSD, handle: id))
        .handle(id)
    case "filtered": throw Failure(.refused, words ?? "the provider's filter refused the content")
    case "failed" where answer["error"]["code"].string == "filtered":
      throw Failure(.refused, words ?? "the provider's filter refused the content")
    case "failed": throw Failure(.refused, words ?? "the provider failed the job without a reason")
    case "cancelled": throw Failure(.refused, "the provider cancelled the job")
    default:
      // A word that is not known yet is no end: only the words above are.
      return .wait(Self.pace, .polling(id: id)).handle(id)
        .progress(permille: answer["progress"].double.map { Int(min(max($0, 0), 100) * 10) })
    }
  }

  /// The provider's id of a job.
  func id(of answer: JSON) throws(Failure) -> String {
    guard let id = answer["id"].text, !id.isEmpty else {
      throw Failure(.protocol, "the provider answered without an id")
    }
    return id
  }
}
