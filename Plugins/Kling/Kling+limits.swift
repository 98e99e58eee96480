import KinoraPlugin

/// What a model refuses in combination, which the catalog cannot say. Told before anything is paid.
extension Kling {
  /// First and last frame go with the better quality only.
  private static let framesInPro: Set<String> = [
    "kling-v1-5", "kling-v1-6", "kling-v2-1", "kling-v2-5-turbo", "kling-v2-6",
  ]

  func check(_ job: Job) throws(Failure) {
    func refuse(_ words: String) throws(Failure) { throw Failure(.invalid, words) }
    let most = job.model.hasPrefix("kling-3.0") ? 3072 : 2500
    if job.prompt.unicodeScalars.count > most {
      try refuse("\(job.model) takes a prompt of up to \(most) characters")
    }
    if (job.negativePrompt ?? "").unicodeScalars.count > 2500 {
      try refuse("\(job.model) takes a negative_prompt of up to 2500 characters")
    }
    if job.kind == "first-last-frame" {
      if Self.framesInPro.contains(job.model), job.resolution != "1080p" {
        try refuse("\(job.model) takes a last_frame with resolution 1080p only")
      }
      if job.model == "kling-v1", job.seconds != 5 {
        try refuse("\(job.model) takes a last_frame with 5 seconds only")
      }
    }
    if job.audio == true, job.model == "kling-v2-6" {
      if job.resolution != "1080p" {
        try refuse("kling-v2-6 makes sound with resolution 1080p only")
      }
      if job.kind == "first-last-frame" {
        try refuse("kling-v2-6 makes no sound with a last_frame")
      }
    }
    if job.kind == "extend", job.seconds != nil, job.seconds != 5 {
      try refuse("an extension adds 4 to 5 seconds: leave seconds out or say 5")
    }
    try checkOptions(job, refuse)
  }

  private func checkOptions(
    _ job: Job, _ refuse: (String) throws(Failure) -> Void
  ) throws(Failure) {
    let options = job.options
    let scale = options["cfg_scale"]
    if !scale.isNull, !(0...1).contains(scale.double ?? -1) {
      try refuse("options.cfg_scale must be 0 to 1")
    }
    if !options["watermark"].isNull, options["watermark"].bool == nil {
      try refuse("options.watermark must be true or false")
    }
    let camera = options["camera_control"]
    guard !camera.isNull else { return }
    if job.kind != "text-to-video" || job.resolution != "720p" || job.seconds != 5 {
      try refuse("options.camera_control goes with text, 720p and 5 seconds only")
    }
    let types = ["simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward"]
    guard let type = camera["type"].string, types.contains(type) else {
      return try refuse("options.camera_control.type must be \(types.joined(separator: ", "))")
    }
    let axes = ["horizontal", "vertical", "pan", "tilt", "roll", "zoom"]
    let moved = camera["config"].members.filter { $0.value.double != 0 }
    let isOne =
      moved.count == 1 && axes.contains(moved[0].key)
      && (-10...10).contains(moved[0].value.double ?? 11)
    if type == "simple" ? !isOne : !camera["config"].isNull {
      try refuse(
        "options.camera_control.config goes with simple and moves one of "
          + "\(axes.joined(separator: ", ")) by -10 to 10")
    }
  }
}
