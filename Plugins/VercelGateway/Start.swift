import KinoraPlugin

/// The body of a start, which each maker behind the gateway wants a little different.
struct Start {
  let job: Job

  /// A start has at most 300 KiB; what is not media needs some of it.
  private static let mostMedia: Int64 = 280 * 1024
  /// Tiers as the standard field wants them: width and height, lying.
  private static let frames = ["720p": "1280x720", "1080p": "1920x1080", "4k": "3840x2160"]
  /// Where a maker takes its options and what it calls the negative prompt.
  private static let namespaces = ["google": "vertex", "klingai": "klingai", "alibaba": "alibaba"]

  private var maker: String { job.model.split(separator: "/").first.map(String.init) ?? "" }

  func body() throws(Failure) -> JSON {
    var options = try makersOptions()
    var resolution: String?
    switch maker {
    case "klingai":
      // Refuses `resolution`; the quality is a mode.
      options["klingai"]["mode"] = job.resolution == "1080p" ? "pro" : "std"
      if job.audio == true, job.model.contains("v2.6"), job.resolution != "1080p" {
        throw Failure(.invalid, "\(job.model) makes sound with resolution 1080p only")
      }
    case "minimax": options["minimax"]["resolution"] = JSON(job.resolution?.uppercased())
    default:
      let small =
        maker != "alibaba" ? "854x480" : job.model.contains("v2.5") ? "848x480" : "832x480"
      resolution = job.resolution.map { $0 == "480p" ? small : Self.frames[$0] ?? $0 }
    }
    if let words = job.negativePrompt, let name = Self.namespaces[maker] {
      options[name]["negativePrompt"] = .string(words)
    }
    try job.refuseFramesWithReferences()
    let frames = try job.frames.map { input throws(Failure) -> JSON in
      ["image": try file(input), "frameType": .string(input.role)]
    }
    let references = try job.inputs("reference").map(file)
    return .fields([
      "prompt": .string(job.prompt), "n": JSON(job.count), "aspectRatio": JSON(job.aspectRatio),
      "duration": JSON(job.seconds), "seed": JSON(job.seed), "resolution": JSON(resolution),
      // Veo asks for the word in either case (third-party reports); it speaks unless told not to.
      "generateAudio": JSON(job.audio ?? (maker == "google" ? true : nil)),
      "frameImages": JSON(unlessEmpty: frames), "inputReferences": JSON(unlessEmpty: references),
      "providerOptions": options.members.isEmpty ? .null : options,
    ])
  }

  /// `options` of a job are the makers' own, by namespace. The key of a purchase is the host's.
  private func makersOptions() throws(Failure) -> JSON {
    if let odd = job.options.members.first(where: { !$0.value.isObject }) {
      throw Failure(.invalid, "options.\(odd.key) must be an object of that maker's options")
    }
    guard job.options["gateway"]["idempotencyKey"].isNull else {
      throw Failure(.invalid, "options.gateway.idempotencyKey is made by Kinora")
    }
    return job.options.isNull ? [:] : job.options
  }

  /// An input as an address or as its bytes. Wan and Seedance take addresses only, whatever the size.
  private func file(_ input: Job.Input) throws(Failure) -> JSON {
    let wantsAddress = maker == "alibaba" || maker == "bytedance"
    let encoded = job.inputs.reduce(Int64(0)) { $0 + ($1.ref == nil ? 0 : ($1.bytes + 2) / 3 * 4) }
    let isLarge = encoded > Self.mostMedia - Int64(job.prompt.utf8.count)
    let type: JSON = .string(input.mime)
    if input.ref == nil || (input.url != nil && (wantsAddress || isLarge)) {
      return ["type": "url", "url": .string(try input.address()), "mediaType": type]
    }
    guard !wantsAddress else {
      throw Failure(
        .invalid, "\(job.model) takes \(input.role) as an https address only, not as bytes")
    }
    guard !isLarge else {
      throw Failure(
        .invalid,
        "the gateway takes 300 KiB for a whole request and the media have \(encoded) bytes as "
          + "base64: give \(input.role) as an https address or make it smaller")
    }
    return ["type": "file", "mediaType": type, "data": .base64(input)]
  }
}
