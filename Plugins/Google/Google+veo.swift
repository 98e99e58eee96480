import KinoraPlugin

/// Veo: `POST /models/M:predictLongRunning`, then `GET /models/M/operations/ID`. Camel case.
extension Google {
  func predictLongRunning(_ job: Job, _ context: Context) throws(Failure) -> Request {
    if let source = job.sourceHandle, !source.contains("files/") {
      throw Failure(.invalid, "the source was not made by Veo: \(job.model) cannot extend it")
    }
    var instance = try job.predictInstance()
    instance["video"] = job.sourceHandle.map { ["uri": .string($0)] } ?? .null
    // The API wants a number; its own documentation shows a string. `duration_wire: string` in the
    // provider's options is for hosts that follow the documentation.
    let seconds = JSON(job.seconds)
    let isText = context.config["duration_wire"].string == "string" && !seconds.isNull
    var parameters = JSON.fields([
      "sampleCount": JSON(job.count),
      "durationSeconds": isText ? .string(seconds.written) : seconds,
      "aspectRatio": JSON(job.aspectRatio), "resolution": JSON(job.resolution),
      "negativePrompt": JSON(job.negativePrompt),
    ])
    parameters.merge(job.options)
    return .post(
      root(context) + "/models/" + job.model.percentEncoded + ":predictLongRunning", .paid,
      headers: key, json: ["instances": [instance], "parameters": parameters])
  }

  /// `models/M/operations/ID` or `operations/…`: anything else could lead a poll elsewhere.
  static func isOperation(_ name: String) -> Bool {
    if name.segments(matching: "models/*/operations/*") != nil { return true }
    let words = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    return words.count > 1 && words[0] == "operations" && words.allSatisfy { $0.isPlain("-._") }
  }

  /// `{"name","done"?,"metadata"?,"response"?|"error"?}`; without `done` it is still at work. Polls are
  /// by the name of the submit, whatever a later answer calls itself.
  func followOperation(
    _ answer: JSON, _ response: Response, _ name: String, _ context: Context
  ) throws(Failure) -> Step<State> {
    guard try answer.isFinishedOperation() else {
      return .wait(Self.pace, .operation(name: name)).handle(name)
        .progress(percent: answer["metadata"]["progressPercent"].double)
    }
    return .succeed(try result(answer, response, context)).handle(name)
  }

  /// Samples by address in any of the three lists that were seen, else bytes, else why there is none.
  private func result(_ answer: JSON, _ response: Response, _ context: Context)
    throws(Failure) -> Output
  {
    let whole = answer["response"]
    let inner = whole["generateVideoResponse"]
    let lists = ["generateVideoResponse/generatedSamples", "generatedSamples", "generatedVideos"]
    let uris = lists.flatMap { list in
      whole.at("/" + list).array.compactMap { $0["video"]["uri"].string }
    }
    let files = uris.compactMap { file($0, context) }
    // An extension names the file that the provider still has.
    if let first = uris.first, !files.isEmpty { return Output(assets: files, handle: first) }
    let members = ["bytesBase64Encoded", "encodedVideo", "videoBytes"]
    let clips =
      response.assets(
        at: "/response/videos", members, in: answer, mime: "video/mp4", context)
      + lists.flatMap { list in
        response.assets(
          at: "/response/" + list, members.map { "video/" + $0 }, in: answer, mime: "video/mp4",
          context)
      }
    if clips.isEmpty, let reason = inner.filteredMedia ?? whole.filteredMedia { throw reason }
    return try Output(
      fetchable: clips,
      otherwise: "the operation is done and names no video that can be fetched")
  }
}
