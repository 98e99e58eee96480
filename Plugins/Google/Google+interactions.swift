import KinoraPlugin

/// Omni: `POST /interactions`, then `GET /interactions/ID`. Snake case throughout.
extension Google {
  func interaction(_ job: Job, _ context: Context) throws(Failure) -> Request {
    if let source = job.sourceHandle, !isPlain(source) {
      throw Failure(.invalid, "the source was not made by Omni: \(job.model) cannot extend it")
    }
    var format: JSON = ["type": "video", "delivery": "uri"]
    format["aspect_ratio"] = JSON(job.aspectRatio)
    format["resolution"] = JSON(job.resolution)
    // A protobuf Duration: a bare number is refused.
    format["duration"] = JSON(
      job.seconds.map { "\(Int64(exactly: $0).map(String.init) ?? "\($0)")s" })
    var body: JSON = [
      "model": .string(job.model), "background": true, "input": try input(job),
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

  /// Two images with `image_to_video` are the first and the last frame.
  private func input(_ job: Job) throws(Failure) -> JSON {
    let frames = job.inputs("first_frame") + job.inputs("last_frame")
    let references = job.inputs("reference")
    guard frames.isEmpty || references.isEmpty else {
      throw Failure(
        .invalid, "frames and references exclude each other: one task takes one of them")
    }
    let media = frames + references
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
    let words = Failure.cleaned(
      answer["errors"][0]["message"].string ?? answer["error"]["message"].string ?? "")
    guard let status = answer["status"].string?.lowercased() else {
      throw Failure(.protocol, "the provider answered without a status")
    }
    switch status {
    case "completed", "succeeded":
      return .succeed(try output(answer, response, id, context)).handle(id)
    case "failed", "incomplete", "budget_exceeded":
      throw Failure(
        .refused, words.isEmpty ? "the provider ended the job as \(status)" : words)
    case "cancelled", "canceled": throw Failure(.refused, "the provider cancelled the job")
    case "requires_action", "requires_continuation":
      // It waits for another paid request, which nobody asked for.
      throw Failure(.refused, "the provider wants more than one request for this (\(status))")
    default:
      // queued, in_progress; an open enumeration: a new word is no end.
      return .wait(Self.pace, .interaction(id: id)).handle(id)
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
      let words = Failure.cleaned(text)
      throw Failure(.refused, "content refused: \(words.isEmpty ? "no video was made" : words)")
    }
    return Output(assets: assets, handle: id)
  }
}
