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
    var body: JSON = ["external_task_id": .string(job.tag)]
    body["prompt"] = job.prompt.isEmpty ? .null : .string(job.prompt)
    body["negative_prompt"] = JSON(job.negativePrompt)
    body["cfg_scale"] = job.options["cfg_scale"]
    body["watermark_info"] = watermark(job)
    if job.kind == "extend" {
      // Model, quality and shape are the source's.
      guard let source = job.sourceHandle, !source.isEmpty else {
        throw Failure(.invalid, "an extension needs the id of a video that Kling still has")
      }
      body["video_id"] = .string(source)
    } else {
      body["model_name"] = .string(job.model)
      body["duration"] = JSON(job.seconds.map(Self.whole).map(String.init))
      body["mode"] = JSON(job.resolution.map { ["720p": "std", "1080p": "pro"][$0] ?? $0 })
      body["sound"] = JSON(job.audio.map { $0 ? "on" : "off" })
      // With a first frame the picture gives the shape.
      if job.kind == "text-to-video" || job.kind == "references" {
        body["aspect_ratio"] = JSON(job.aspectRatio)
      }
      body["image"] = try job.input("first_frame").map(image) ?? .null
      body["image_tail"] = try job.input("last_frame").map(image) ?? .null
      var list: [JSON] = []
      for reference in job.inputs("reference") { list.append(["image": try image(reference)]) }
      body["image_list"] = list.isEmpty ? .null : .array(list)
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
    var settings: JSON = [:]
    settings["audio"] = JSON(job.audio.map { $0 ? "native" : "off" })
    settings["resolution"] = JSON(job.resolution)
    settings["duration"] = JSON(job.seconds.map(Self.whole))
    settings["multi_shot"] = job.options["multi_shot"]
    var options: JSON = ["external_task_id": .string(job.tag)]
    options["watermark_info"] = watermark(job)
    var body: JSON = [:]
    if job.kind == "text-to-video" {
      settings["aspect_ratio"] = JSON(job.aspectRatio)
      body["prompt"] = .string(job.prompt)
    } else {
      var contents: [JSON] =
        job.prompt.isEmpty ? [] : [["type": "prompt", "text": .string(job.prompt)]]
      for input in job.inputs {
        contents.append(["type": .string(input.role), "url": try image(input)])
      }
      body["contents"] = .array(contents)
    }
    body["settings"] = settings
    body["options"] = options
    let path = job.kind == "text-to-video" ? "/text-to-video/" : "/image-to-video/"
    return .post(
      context.baseURL + path + model, .paid, headers: authorized(.tasks), json: body)
  }

  private func watermark(_ job: Job) -> JSON {
    job.options["watermark"].bool.map { ["enabled": .bool($0)] } ?? .null
  }

  private func image(_ input: Job.Input) throws(Failure) -> JSON {
    guard input.ref == nil else { return .base64(input) }
    guard let uri = input.uri, uri.hasPrefix("https://") else {
      throw Failure(.invalid, "\(input.role) must be given as bytes or as an https address")
    }
    return .string(uri)
  }

  private static func whole(_ seconds: Double) -> Int64 { Int64(seconds.rounded()) }
}
