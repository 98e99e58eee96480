import KinoraPlugin

/// The body of a submit, what a finished operation holds, what errors mean. Camel case throughout.
extension Vertex {
  func instance(_ job: Job) throws(Failure) -> JSON {
    if let source = job.sourceHandle, !source.hasPrefix("gs://") {
      throw Failure(
        .invalid,
        "the source has no gs:// address, which an extension needs: set options.storage_uri of "
          + "the provider, then results are kept in a bucket")
    }
    var instance = try job.predictInstance()
    instance["video"] =
      job.sourceHandle.map { ["gcsUri": .string($0), "mimeType": "video/mp4"] } ?? .null
    return instance
  }

  func parameters(_ job: Job, _ context: Context) throws(Failure) -> JSON {
    let folder = try context.option(
      "storage_uri", otherwise: "options.storage_uri must be gs://BUCKET/FOLDER"
    ) { $0.isEmpty || $0.hasPrefix("gs://") }
    var parameters = JSON.fields([
      "sampleCount": JSON(job.count), "durationSeconds": JSON(job.seconds),
      "aspectRatio": JSON(job.aspectRatio), "resolution": JSON(job.resolution),
      "fps": JSON(job.fps), "seed": JSON(job.seed), "negativePrompt": JSON(job.negativePrompt),
      // Veo 3 asks for it by name; without a wish it is the dearer one, as it was quoted.
      "generateAudio": .bool(job.audio ?? true), "storageUri": JSON(unlessEmpty: folder),
    ])
    parameters.merge(job.options)
    return parameters
  }

  /// Clips in a bucket, clips in the answer, or why there is none.
  func output(_ answer: JSON, _ response: Response, _ context: Context) throws(Failure) -> Output {
    let videos = answer["response"]["videos"].array
    let objects = videos.compactMap { $0["gcsUri"].string }
    let kept = objects.compactMap { file($0, context) }
    let clips = response.assets(
      at: "/response/videos", ["bytesBase64Encoded"], in: answer, mime: "video/mp4", context)
    if kept.isEmpty, clips.isEmpty, let reason = answer["response"].filteredMedia { throw reason }
    return try Output(
      fetchable: kept + clips, handle: kept.isEmpty ? nil : objects.first,
      otherwise: "the operation is done and names no video that can be fetched")
  }

  /// `gs://BUCKET/OBJECT` as Cloud Storage's XML interface serves it, with the same token. Nil for
  /// what is no object.
  private func file(_ uri: String, _ context: Context) -> Asset? {
    // Scheme, nothing, bucket, the object's path.
    let parts = uri.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 3, uri.hasPrefix("gs://"), parts[2].isPlain("-._:"), parts.last != "",
      !parts.contains("."), !parts.contains("..")
    else { return nil }
    let path = parts.dropFirst(3).map(\.percentEncoded).joined(separator: "/")
    let host = context.config["storage_url"].text ?? "https://storage.googleapis.com"
    return .url("\(host)/\(parts[2])/\(path)", headers: ["authorization": bearer("token")])
  }

  static let errors: [ErrorRule] =
    ErrorRule.google + [
      ErrorRule(
        .exhausted, "the provider's account has no billing", status: [403],
        codes: ["BILLING_DISABLED"], says: ["requires billing"]),
      ErrorRule(
        .unauthenticated,
        "this login may not make videos, its token lacks the scope cloud-platform: use a service "
          + "account, or an API key with the plugin google",
        status: [403], codes: ["ACCESS_TOKEN_SCOPE_INSUFFICIENT"], quotes: false),
      ErrorRule(
        .invalid, "the project or the location has no such model", status: [404],
        says: ["publisher model"]),
    ]
}
