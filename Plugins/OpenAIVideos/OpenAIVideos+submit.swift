import KinoraPlugin

/// The four paid requests that make a video.
extension OpenAIVideos {
  func submission(_ job: Job, _ dialect: Dialect, _ context: Context) throws(Failure) -> Request {
    switch job.kind {
    case "remix":
      let id = try source(job)
      return post("/videos/\(id.percentEncoded)/remix", ["prompt": .string(job.prompt)], dialect)
    case "edit":
      return post(
        "/videos/edits",
        ["prompt": .string(job.prompt), "video": ["id": .string(try source(job))]],
        dialect)
    case "extend":
      guard job.inputs.isEmpty else {
        throw Failure(.invalid, "an extension takes no other input than its source")
      }
      let body = JSON.fields([
        "prompt": .string(job.prompt), "seconds": dialect.seconds(job.seconds),
        "video": ["id": .string(try source(job))],
      ])
      return post("/videos/extensions", body, dialect)
    default: return try creation(job, dialect, context)
    }
  }

  private func source(_ job: Job) throws(Failure) -> String {
    guard let id = job.sourceHandle, id.isPathSegment else {
      throw Failure(.invalid, "the source has no id of a video that could be gone on with")
    }
    return id
  }

  private func post(_ path: String, _ body: JSON, _ dialect: Dialect) -> Request {
    .post(
      dialect.url(path), .paid, headers: dialect.authorized + ["accept": "application/json"],
      json: body)
  }

  private func creation(_ job: Job, _ dialect: Dialect, _ context: Context) throws(Failure)
    -> Request
  {
    guard job.inputs.count <= 1, job.inputs.allSatisfy({ $0.role == "first_frame" }) else {
      throw Failure(.invalid, "\(job.model) takes one input_reference and nothing else")
    }
    let image = job.input("first_frame")
    // A file that only the provider has can be named in JSON alone.
    if dialect.isJSON || image?.uri != nil {
      var body = fields(job, dialect)
      if let image {
        body["input_reference"] =
          image.uri.map { ["file_id": .string($0)] } ?? ["image_url": .dataURL(image)]
      }
      return post("/videos", body, dialect)
    }
    var form = Multipart()
    form.fields(fields(job, dialect))
    if let image {
      form.file("input_reference", image, name: "input_reference." + image.mime.dropFirst(6))
    }
    return .post(
      dialect.url("/videos"), .paid, headers: dialect.authorized + ["accept": "application/json"],
      body: form.body(context))
  }

  /// In the order of the official client, then what only other hosts take.
  private func fields(_ job: Job, _ dialect: Dialect) -> JSON {
    let hasSize = job.size != nil
    var body = JSON.fields([
      "prompt": .string(job.prompt), "model": .string(job.model),
      "seconds": dialect.seconds(job.seconds), "size": JSON(job.size),
      "aspect_ratio": hasSize ? .null : JSON(job.aspectRatio),
      "resolution": hasSize ? .null : JSON(job.resolution), "fps": JSON(job.fps),
      "seed": JSON(job.seed), "negative_prompt": JSON(job.negativePrompt),
    ])
    if let name = dialect.audioField { body[name] = JSON(job.audio) }
    body.merge(job.options)
    body["variants"] = .null
    return body
  }

  /// What is checked and priced is said by the request's own fields alone.
  func checkOptions(_ job: Job) throws(Failure) {
    let own: Set<String> = [
      "prompt", "model", "n", "seconds", "size", "aspect_ratio", "resolution", "fps", "seed",
      "negative_prompt", "input_reference", "image", "image[]", "video",
    ]
    if let option = job.options.members.first(where: { own.contains($0.key) }) {
      throw Failure(.invalid, "options.\(option.key) is a field of the request: say it there")
    }
  }

  /// What else of the job's content is wanted: `options.variants`.
  func variants(_ job: Job) throws(Failure) -> [String] {
    let known = ["thumbnail", "spritesheet"]
    var list: [String] = []
    for item in job.options["variants"].array {
      guard let word = item.string, known.contains(word), !list.contains(word) else {
        throw Failure(.invalid, "options.variants is a list of \(known.joined(separator: ", "))")
      }
      list.append(word)
    }
    return list
  }
}
