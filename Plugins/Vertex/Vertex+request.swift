import KinoraPlugin

/// The body of a submit. Camel case throughout.
extension Vertex {
  func instance(_ job: Job) throws(Failure) -> JSON {
    var instance: JSON = [:]
    instance["prompt"] = job.prompt.isEmpty ? .null : .string(job.prompt)
    if let frame = job.input("first_frame") { instance["image"] = try media(frame) }
    if let frame = job.input("last_frame") { instance["lastFrame"] = try media(frame) }
    var references: [JSON] = []
    for input in job.inputs("reference") {
      // The documentation writes `asset`; the official client sends it like this.
      references.append(["image": try media(input), "referenceType": "ASSET"])
    }
    if !references.isEmpty {
      instance["referenceImages"] = .array(references)
    }
    if let source = job.sourceHandle {
      guard source.hasPrefix("gs://") else {
        throw Failure(
          .invalid,
          "the source has no gs:// address, which an extension needs: set options.storage_uri of "
            + "the provider, then results are kept in a bucket")
      }
      instance["video"] = ["gcsUri": .string(source), "mimeType": "video/mp4"]
    }
    return instance
  }

  func parameters(_ job: Job, _ context: Context) throws(Failure) -> JSON {
    var parameters: JSON = ["sampleCount": JSON(job.count)]
    parameters["durationSeconds"] = JSON(job.seconds)
    parameters["aspectRatio"] = JSON(job.aspectRatio)
    parameters["resolution"] = JSON(job.resolution)
    parameters["fps"] = JSON(job.fps)
    parameters["seed"] = JSON(job.seed)
    parameters["negativePrompt"] = JSON(job.negativePrompt)
    // Veo 3 asks for it by name; without a wish it is the dearer one, as it was quoted.
    parameters["generateAudio"] = .bool(job.audio ?? true)
    if let folder = context.config["storage_uri"].text {
      guard folder.hasPrefix("gs://") else {
        throw Failure(.invalid, "options.storage_uri must be gs://BUCKET/FOLDER")
      }
      parameters["storageUri"] = .string(folder)
    }
    for member in job.options.members { parameters[member.key] = member.value }
    return parameters
  }

  private func media(_ input: Job.Input) throws(Failure) -> JSON {
    guard input.ref == nil else {
      return ["bytesBase64Encoded": .base64(input), "mimeType": .string(input.mime)]
    }
    guard let uri = input.uri, uri.hasPrefix("gs://") else {
      throw Failure(.invalid, "\(input.role) must be given as bytes or as gs://BUCKET/OBJECT")
    }
    return ["gcsUri": .string(uri), "mimeType": .string(input.mime)]
  }
}
