import KinoraPlugin

/// Veo: `POST /models/M:predictLongRunning`, then `GET /models/M/operations/ID`. Camel case.
extension Google {
  func predictLongRunning(_ job: Job, _ context: Context) throws(Failure) -> Request {
    var instance: JSON = [:]
    instance["prompt"] = job.prompt.isEmpty ? .null : .string(job.prompt)
    if let frame = job.input("first_frame") { instance["image"] = try image(frame) }
    if let frame = job.input("last_frame") { instance["lastFrame"] = try image(frame) }
    var references: [JSON] = []
    for input in job.inputs("reference") {
      // The documentation writes `asset`; the official client sends it like this.
      references.append(["image": try image(input), "referenceType": "ASSET"])
    }
    if !references.isEmpty { instance["referenceImages"] = .array(references) }
    if let source = job.sourceHandle {
      guard source.contains("files/") else {
        throw Failure(.invalid, "the source was not made by Veo: \(job.model) cannot extend it")
      }
      instance["video"] = ["uri": .string(source)]
    }
    var parameters: JSON = ["sampleCount": JSON(job.count)]
    // The API wants a number; its own documentation shows a string. `duration_wire: string` in the
    // provider's options is for hosts that follow the documentation.
    if let seconds = job.seconds {
      let whole = Int64(exactly: seconds)
      parameters["durationSeconds"] =
        context.config["duration_wire"].string == "string"
        ? .string(whole.map(String.init) ?? "\(seconds)") : JSON(seconds)
    }
    parameters["aspectRatio"] = JSON(job.aspectRatio)
    parameters["resolution"] = JSON(job.resolution)
    parameters["negativePrompt"] = JSON(job.negativePrompt)
    for member in job.options.members { parameters[member.key] = member.value }
    return .post(
      root(context) + "/models/" + job.model.percentEncoded + ":predictLongRunning", .paid,
      headers: key, json: ["instances": [instance], "parameters": parameters])
  }

  private func image(_ input: Job.Input) throws(Failure) -> JSON {
    guard input.ref != nil else {
      guard let uri = input.uri, uri.hasPrefix("gs://") else {
        throw Failure(.invalid, "\(input.role) must be given as bytes or as gs://BUCKET/OBJECT")
      }
      return ["gcsUri": .string(uri), "mimeType": .string(input.mime)]
    }
    return ["bytesBase64Encoded": .base64(input), "mimeType": .string(input.mime)]
  }

  /// `models/M/operations/ID` or `operations/…`: anything else could lead a poll elsewhere.
  static func isOperation(_ name: String) -> Bool {
    let words = name.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = words.allSatisfy { word in
      !word.isEmpty && word != ".." && word != "."
        && word.utf8.allSatisfy { byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
          default: false
          }
        }
    }
    guard isPlain else { return false }
    if words.first == "operations" { return words.count >= 2 }
    return words.count >= 4 && words[0] == "models" && words[2] == "operations"
  }

  /// `{"name","done"?,"metadata"?,"response"?|"error"?}`; without `done` it is still at work. Polls are
  /// by the name of the submit, whatever a later answer calls itself.
  func followOperation(
    _ answer: JSON, _ response: Response, _ name: String, _ context: Context
  ) throws(Failure) -> Step<State> {
    guard case .object = answer else {
      throw Failure(.protocol, "the provider answered without an operation")
    }
    guard answer["done"].bool == true else {
      let percent = answer["metadata"]["progressPercent"].double
      return .wait(Self.pace, .operation(name: name)).handle(name)
        .progress(permille: percent.map { Int(min(max($0, 0), 100) * 10) })
    }
    if !answer["error"].isNull {
      let words = Failure.cleaned(answer["error"]["message"].string ?? "")
      // google.rpc.Code: 8 quota, 13 internal, 14 unavailable end the operation all the same.
      throw Failure(.refused, words.isEmpty ? "the operation failed without a reason" : words)
    }
    return .succeed(try result(answer, response, context)).handle(name)
  }

  /// Samples by address in any of the three lists that were seen, else bytes, else why there is none.
  private func result(_ answer: JSON, _ response: Response, _ context: Context)
    throws(Failure) -> Output
  {
    let whole = answer["response"]
    let inner = whole["generateVideoResponse"]
    let lists = [
      ("/response/generateVideoResponse/generatedSamples", inner["generatedSamples"]),
      ("/response/generatedSamples", whole["generatedSamples"]),
      ("/response/generatedVideos", whole["generatedVideos"]),
    ]
    let uris = lists.flatMap { $0.1.array.compactMap { $0["video"]["uri"].string } }
    let files = uris.compactMap { file($0, context) }
    // An extension names the file that the provider still has.
    if let first = uris.first, !files.isEmpty { return Output(assets: files, handle: first) }
    var places = whole["videos"].array.indices.map { "/response/videos/\($0)" }
    for (path, list) in lists { places += list.array.indices.map { "\(path)/\($0)/video" } }
    let clips = places.compactMap { place in
      ["/bytesBase64Encoded", "/encodedVideo", "/videoBytes"].lazy.compactMap {
        response.asset(
          at: place + $0, in: answer, mime: answer.at(place)["mimeType"].string ?? "video/mp4")
      }.first
    }
    guard clips.isEmpty else { return Output(assets: clips) }
    let reasons = inner["raiMediaFilteredReasons"].array + whole["raiMediaFilteredReasons"].array
    let filtered = inner["raiMediaFilteredCount"].int ?? whole["raiMediaFilteredCount"].int ?? 0
    let words = Failure.cleaned(reasons.compactMap(\.string).joined(separator: " "))
    guard words.isEmpty, filtered == 0 else {
      throw Failure(
        .refused, "content refused: \(words.isEmpty ? "the provider's filter took it" : words)")
    }
    throw Failure(.refused, "the operation is done and names no video that can be fetched")
  }
}
