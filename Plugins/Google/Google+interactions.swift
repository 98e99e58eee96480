import KinoraPlugin

/// Omni: `POST /interactions`, then `GET /interactions/ID`. Snake case throughout.
extension Google {
  func interaction(_ job: Job, _ context: Context) -> Request {
    var format: JSON = ["type": "video", "delivery": "uri"]
    format["aspect_ratio"] = JSON(job.aspectRatio)
    format["resolution"] = JSON(job.resolution)
    // A protobuf Duration: a bare number is refused.
    format["duration"] = JSON(
      job.seconds.map { "\(Int64(exactly: $0).map(String.init) ?? "\($0)")s" })
    var body: JSON = [
      "model": .string(job.model), "background": true, "input": input(job),
      "response_format": format,
    ]
    var generation: JSON = ["video_config": ["task": .string(task(job))]]
    generation["seed"] = JSON(job.seed)
    body["generation_config"] = generation
    body["previous_interaction_id"] = JSON(job.sourceHandle)
    return .post(root(context) + "/interactions", .paid, headers: key, json: body)
  }

  private func task(_ job: Job) -> String {
    switch job.kind {
    case "image-to-video", "first-last-frame": "image_to_video"
    case "references": "reference_to_video"
    case "extend": "extend"
    default: "text_to_video"
    }
  }

  private func input(_ job: Job) -> JSON {
    let media =
      job.inputs("first_frame") + job.inputs("last_frame") + job.inputs("reference")
    guard !media.isEmpty else { return .string(job.prompt) }
    var content = media.map { input -> JSON in
      var part: JSON = ["type": "image", "mime_type": .string(input.mime)]
      if input.ref != nil { part["data"] = .base64(input) } else { part["uri"] = JSON(input.uri) }
      return part
    }
    if !job.prompt.isEmpty { content.append(["type": "text", "text": .string(job.prompt)]) }
    return [["type": "user_input", "content": .array(content)]]
  }

  func followInteraction(_ answer: JSON, _ response: Response, _ context: Context)
    throws(Failure) -> Step<State>
  {
    guard let id = answer["id"].string, !id.isEmpty else {
      throw Failure(.protocol, "the provider answered without an id")
    }
    let words = Failure.cleaned(
      answer["errors"][0]["message"].string ?? answer["error"]["message"].string ?? "")
    switch answer["status"].string?.lowercased() {
    case "completed":
      return .succeed(try output(answer, response, id, context)).handle(id)
    case "failed", "incomplete", "budget_exceeded":
      throw Failure(
        .refused, words.isEmpty ? "the provider failed the job without a reason" : words)
    case "cancelled": throw Failure(.refused, "the provider cancelled the job")
    default: return .wait(Self.pace, .interaction(id: id)).handle(id)
    }
  }

  /// The video parts of the answer's steps; by address or, although an address was asked for, inline.
  private func output(_ answer: JSON, _ response: Response, _ id: String, _ context: Context)
    throws(Failure) -> Output
  {
    var assets: [Asset] = []
    var text = ""
    for (s, step) in answer["steps"].array.enumerated() where step["type"].string != "user_input" {
      for (c, part) in step["content"].array.enumerated() {
        switch part["type"].string {
        case "video":
          if let uri = part["uri"].string {
            assets.append(.url(uri, headers: key))
          } else if let clip = response.asset(
            at: "/steps/\(s)/content/\(c)/data", in: answer,
            mime: part["mime_type"].string ?? "video/mp4")
          {
            assets.append(clip)
          }
        case "text": text += part["text"].string ?? ""
        default: break
        }
      }
    }
    guard !assets.isEmpty else {
      // How a safety refusal looks: completed, words, no video (live reports of 2026).
      let words = Failure.cleaned(text)
      throw Failure(.refused, "content refused: \(words.isEmpty ? "no video was made" : words)")
    }
    return Output(assets: assets, handle: id)
  }
}
