import KinoraPlugin

/// The bodies of submits. Images go as raw base64 without `data:`, or as https addresses.
extension Kling {
  /// Each kind has its own path, under which its tasks are polled as well.
  func legacyPath(_ job: Job) -> String {
    switch job.kind {
    case "image-to-video", "first-last-frame": "/v1/videos/image2video"
    case "references": "/v1/videos/multi-image2video"
    case "extend": "/v1/videos/video-extend"
    default: "/v1/videos/text2video"
    }
  }

  /// The model stands in the body, the length is a string, the quality a mode.
  func legacySubmission(_ job: Job, _ context: Context) throws(Failure) -> Request {
    var body = JSON.fields([
      "external_task_id": .string(job.tag), "prompt": JSON(unlessEmpty: job.prompt),
      "negative_prompt": JSON(job.negativePrompt), "cfg_scale": job.options["cfg_scale"],
      "watermark_info": watermark(job),
    ])
    if job.kind == "extend" {
      // Model, quality and shape are the source's.
      guard let source = job.sourceHandle, !source.isEmpty else {
        throw Failure(.invalid, "an extension needs the id of a video that Kling still has")
      }
      body["video_id"] = .string(source)
    } else {
      // With a first frame the picture gives the shape.
      let hasShape = job.kind == "text-to-video" || job.kind == "references"
      let images = try job.inputs("reference").map { input throws(Failure) -> JSON in
        ["image": try input.base64OrAddress()]
      }
      body.merge(
        .fields([
          "model_name": .string(job.model),
          "duration": JSON(job.seconds.map(Self.whole).map(String.init)),
          "mode": JSON(job.resolution.map { ["720p": "std", "1080p": "pro"][$0] ?? $0 }),
          "sound": JSON(job.audio.map { $0 ? "on" : "off" }),
          "aspect_ratio": hasShape ? JSON(job.aspectRatio) : .null,
          "image": try job.input("first_frame")?.base64OrAddress() ?? .null,
          "image_tail": try job.input("last_frame")?.base64OrAddress() ?? .null,
          "image_list": JSON(unlessEmpty: images),
        ]))
      for name in ["camera_control", "multi_shot", "shot_type", "multi_prompt", "element_list"] {
        body[name] = job.options[name]
      }
    }
    return .post(
      context.baseURL + legacyPath(job), .paid, headers: authorized(.legacy), json: body)
  }

  /// The model stands in the path, the length is a number, the quality a resolution.
  func taskSubmission(_ job: Job, _ context: Context) throws(Failure) -> Request {
    guard let model = Generation.names[job.model] else {
      throw Failure(.invalid, "\(job.model) is a model of Kling's older API")
    }
    guard job.negativePrompt == nil else {
      throw Failure(.invalid, "Kling's newer API takes no negative_prompt (api: legacy does)")
    }
    for option in job.options.members where !["multi_shot", "watermark"].contains(option.key) {
      throw Failure(.invalid, "Kling's newer API takes no option \(option.key) (api: legacy does)")
    }
    let isText = job.kind == "text-to-video"
    var body: JSON = isText ? ["prompt": .string(job.prompt)] : [:]
    if !isText {
      let images = try job.inputs.map { input throws(Failure) -> JSON in
        ["type": .string(input.role), "url": try input.base64OrAddress()]
      }
      let words: [JSON] =
        job.prompt.isEmpty ? [] : [["type": "prompt", "text": .string(job.prompt)]]
      body["contents"] = .array(words + images)
    }
    body["settings"] = .fields([
      "audio": JSON(job.audio.map { $0 ? "native" : "off" }), "resolution": JSON(job.resolution),
      "duration": JSON(job.seconds.map(Self.whole)), "multi_shot": job.options["multi_shot"],
      "aspect_ratio": isText ? JSON(job.aspectRatio) : .null,
    ])
    body["options"] = .fields([
      "external_task_id": .string(job.tag), "watermark_info": watermark(job),
    ])
    let path = isText ? "/text-to-video/" : "/image-to-video/"
    return .post(
      context.baseURL + path + model, .paid, headers: authorized(.tasks), json: body)
  }

  private func watermark(_ job: Job) -> JSON {
    job.options["watermark"].bool.map { ["enabled": .bool($0)] } ?? .null
  }

  private static func whole(_ seconds: Double) -> Int64 { Int64(seconds.rounded()) }
}
