import KinoraPlugin

extension Sample {
  /// The one request that costs money.
  func submit(_ job: Job, _ context: Context, firstFrame: JSON?) -> Step<State> {
    let body = JSON.fields([
      "model": .string(job.model), "prompt": .string(job.prompt), "tag": .string(job.tag),
      "negative_prompt": JSON(job.negativePrompt), "seconds": JSON(job.seconds),
      "size": JSON(job.size), "aspect_ratio": JSON(job.aspectRatio),
      "resolution": JSON(job.resolution), "audio": JSON(job.audio), "seed": JSON(job.seed),
      "image": firstFrame ?? .null, "last_image": job.input("last_frame").map(image) ?? .null,
      "references": JSON(unlessEmpty: job.inputs("reference").map(image)),
    ])
    let isSync = job.model == "clip-sync"
    let path = job.kind == "image" ? "/images" : isSync ? "/videos:sync" : "/videos"
    let request = Request.post(
      context.baseURL + path, .paid,
      headers: ["idempotency-key": job.model == "clip-keyed" ? context.idempotencyKey : nil],
      json: body)
    return .send(isSync ? request.liftingStrings() : request, .submitting)
  }

  /// An input as the simulator takes it.
  func image(_ input: Job.Input) -> JSON {
    input.ref == nil ? JSON(input.uri) : .dataURL(input)
  }

  /// The next step by what the provider says of the job, after the submit and after each poll.
  func follow(_ answer: JSON) throws(Failure) -> Step<State> {
    let id = try answer["id"].id()
    switch JobStatus(answer["status"]) {
    case .working:
      return .wait(Self.pace, .polling(id: id)).handle(id)
        .progress(percent: answer["progress"].double)
    case .done:
      guard let url = answer["video"]["url"].string else {
        throw Failure(.refused, "the provider calls the job done and names no file")
      }
      return .succeed(Output(.url(url), costMicroUSD: answer["cost_usd"].microUSD, handle: id))
        .handle(id)
    case let end:
      let isFiltered = end == .failed && answer["error"]["code"].string == "filtered"
      throw Failure(isFiltered ? .filtered : end, Words(answer["error"]))
    }
  }
}
