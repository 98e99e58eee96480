import KinoraPlugin

/// The body of a start.
extension VercelGateway {
  /// A start has at most 300 KiB; what is not media needs some of it.
  private static let mostMedia: Int64 = 280 * 1024
  /// Tiers as the standard field wants them: width and height, lying.
  private static let frames = ["720p": "1280x720", "1080p": "1920x1080", "4k": "3840x2160"]
  /// Where a maker takes its options and what it calls the negative prompt.
  private static let namespaces = ["google": "vertex", "klingai": "klingai", "alibaba": "alibaba"]

  func submission(_ job: Job) throws(Failure) -> JSON {
    let owner = job.model.split(separator: "/").first.map(String.init) ?? ""
    var body: JSON = ["prompt": .string(job.prompt), "n": JSON(job.count)]
    body["aspectRatio"] = JSON(job.aspectRatio)
    body["duration"] = JSON(job.seconds)
    body["seed"] = JSON(job.seed)
    var options = try makersOptions(job)
    func set(_ name: String, _ key: String, _ value: JSON) {
      var entry = options[name]
      entry[key] = value
      options[name] = entry
    }
    switch owner {
    case "klingai":
      // Refuses `resolution`; the quality is a mode.
      set("klingai", "mode", job.resolution == "1080p" ? "pro" : "std")
      if job.audio == true, job.model.contains("v2.6"), job.resolution != "1080p" {
        throw Failure(.invalid, "\(job.model) makes sound with resolution 1080p only")
      }
    case "minimax":
      set("minimax", "resolution", JSON(job.resolution?.uppercased()))
    default:
      let small =
        owner != "alibaba" ? "854x480" : job.model.contains("v2.5") ? "848x480" : "832x480"
      body["resolution"] = JSON(
        job.resolution.map { $0 == "480p" ? small : Self.frames[$0] ?? $0 })
    }
    if let words = job.negativePrompt, let name = Self.namespaces[owner] {
      set(name, "negativePrompt", .string(words))
    }
    // Veo asks for the word in either case (third-party reports); it speaks unless told not to.
    body["generateAudio"] = JSON(job.audio ?? (owner == "google" ? true : nil))
    try addMedia(job, owner, to: &body)
    body["providerOptions"] = options.members.isEmpty ? .null : options
    return body
  }

  /// `options` of a job are the makers' own, by namespace. The key of a purchase is the host's.
  private func makersOptions(_ job: Job) throws(Failure) -> JSON {
    for member in job.options.members {
      guard case .object = member.value else {
        throw Failure(.invalid, "options.\(member.key) must be an object of that maker's options")
      }
    }
    guard job.options["gateway"]["idempotencyKey"].isNull else {
      throw Failure(.invalid, "options.gateway.idempotencyKey is made by Kinora")
    }
    return job.options.isNull ? [:] : job.options
  }

  private func addMedia(_ job: Job, _ owner: String, to body: inout JSON) throws(Failure) {
    // Wan and Seedance take addresses only, whatever the size.
    let wantsAddress = owner == "alibaba" || owner == "bytedance"
    let encoded = job.inputs.reduce(Int64(0)) { $0 + ($1.ref == nil ? 0 : ($1.bytes + 2) / 3 * 4) }
    let isLarge = encoded > Self.mostMedia - Int64(job.prompt.utf8.count)
    var frames: [JSON] = []
    var references: [JSON] = []
    for input in job.inputs {
      let file: JSON
      if let address = input.uri ?? (wantsAddress || isLarge ? input.url : nil) {
        guard address.hasPrefix("https://") else {
          throw Failure(.invalid, "\(input.role) must be given as bytes or as an https address")
        }
        file = ["type": "url", "url": .string(address), "mediaType": .string(input.mime)]
      } else if wantsAddress {
        throw Failure(
          .invalid, "\(job.model) takes \(input.role) as an https address only, not as bytes")
      } else if isLarge {
        throw Failure(
          .invalid,
          "the gateway takes 300 KiB for a whole request and the media have \(encoded) bytes as "
            + "base64: give \(input.role) as an https address or make it smaller")
      } else {
        file = ["type": "file", "mediaType": .string(input.mime), "data": .base64(input)]
      }
      if input.role == "reference" {
        references.append(file)
      } else {
        frames.append(["image": file, "frameType": .string(input.role)])
      }
    }
    guard frames.isEmpty || references.isEmpty else {
      throw Failure(.invalid, "frames and references exclude each other")
    }
    body["frameImages"] = frames.isEmpty ? .null : .array(frames)
    body["inputReferences"] = references.isEmpty ? .null : .array(references)
  }
}
