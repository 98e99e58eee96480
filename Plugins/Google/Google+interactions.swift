import KinoraPlugin

/// Omni: `POST /interactions`, then `GET /interactions/ID`. Snake case throughout.
extension Google {
  func interaction(_ job: Job, _ context: Context) throws(Failure) -> Request {
    if let source = job.sourceHandle, !source.isPathSegment {
      throw Failure(.invalid, "the source was not made by Omni: \(job.model) cannot extend it")
    }
    // A protobuf Duration: a bare number is refused.
    let duration = job.seconds.map { "\(Int64(exactly: $0).map(String.init) ?? "\($0)")s" }
    let body = JSON.fields([
      "model": .string(job.model), "background": true, "input": try input(job),
      "response_format": .fields([
        "type": "video", "delivery": "uri", "aspect_ratio": JSON(job.aspectRatio),
        "resolution": JSON(job.resolution), "duration": JSON(duration),
      ]),
      "generation_config": .fields([
        "video_config": ["task": .string(task(job))], "seed": JSON(job.seed),
      ]),
      "previous_interaction_id": JSON(job.sourceHandle),
    ])
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

  /// Two images with `image_to_video` are the first and the last frame.
  private func input(_ job: Job) throws(Failure) -> JSON {
    try job.refuseFramesWithReferences(": one task takes one of them")
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

  func followInteraction(
    _ answer: JSON, _ response: Response, _ id: String, _ context: Context
  ) throws(Failure) -> Step<State> {
    let words = Words(answer["errors"][0], answer["error"])
    let word = answer["status"].string?.lowercased() ?? ""
    switch try JobStatus(answer["status"], otherwise: "the provider answered without a status") {
    case .done: return .succeed(try output(answer, response, id, context)).handle(id)
    case .working where ["requires_action", "requires_continuation"].contains(word):
      // It waits for another paid request, which nobody asked for.
      throw Failure(.refused, "the provider wants more than one request for this (\(word))")
    case .working where !["incomplete", "budget_exceeded"].contains(word):
      // queued, in_progress; an open enumeration: a new word is no end.
      return .wait(Self.pace, .interaction(id: id)).handle(id)
    case .cancelled: throw Failure(.cancelled, words)
    default: throw Failure(.refused, words.or("the provider ended the job as \(word)"))
    }
  }

  /// The video parts of the answer's steps; by address or, although an address was asked for, inline.
  private func output(_ answer: JSON, _ response: Response, _ id: String, _ context: Context)
    throws(Failure) -> Output
  {
    var assets: [Asset] = []
    var hasVideo = false
    var text = ""
    for (s, step) in answer["steps"].array.enumerated() where step["type"].string != "user_input" {
      for (c, part) in step["content"].array.enumerated() {
        switch part["type"].string {
        case "video":
          hasVideo = true
          if let asset = part["uri"].string.flatMap({ file($0, context) })
            ?? response.asset(
              at: "/steps/\(s)/content/\(c)/data", in: answer,
              mime: part["mime_type"].string ?? "video/mp4")
          {
            assets.append(asset)
          }
        case "text": text += part["text"].string ?? ""
        default: break
        }
      }
    }
    guard !assets.isEmpty else {
      guard !hasVideo else {
        throw Failure(.refused, "the interaction is done and names no video that can be fetched")
      }
      // How a safety refusal looks: completed, words, no video (live reports of 2026).
      throw Failure(.refused, "content refused: \(Words(text).or("no video was made"))")
    }
    return Output(assets: assets, handle: id)
  }
}
