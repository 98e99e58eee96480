import KinoraPlugin

/// Veo: `POST /models/M:predictLongRunning`, then `GET /models/M/operations/ID`. Camel case.
extension Google {
  func predictLongRunning(_ job: Job, _ context: Context) -> Request {
    var instance: JSON = ["prompt": .string(job.prompt)]
    if let frame = job.input("first_frame") { instance["image"] = image(frame) }
    if let frame = job.input("last_frame") { instance["lastFrame"] = image(frame) }
    let references = job.inputs("reference").map { input -> JSON in
      ["image": image(input), "referenceType": "ASSET"]
    }
    if !references.isEmpty { instance["referenceImages"] = .array(references) }
    if let handle = job.sourceHandle { instance["video"] = ["uri": .string(handle)] }
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

  private func image(_ input: Job.Input) -> JSON {
    guard input.ref != nil else {
      return ["gcsUri": JSON(input.uri), "mimeType": .string(input.mime)]
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

  func followOperation(_ answer: JSON, _ response: Response, _ context: Context)
    throws(Failure) -> Step<State>
  {
    guard let name = answer["name"].string, Self.isOperation(name) else {
      throw Failure(.protocol, "the provider answered without a proper operation name")
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
    return .succeed(try result(answer, response)).handle(name)
  }

  private func result(_ answer: JSON, _ response: Response) throws(Failure) -> Output {
    let whole = answer["response"]
    let inner = whole["generateVideoResponse"]
    var uris: [String] = []
    for list in [inner["generatedSamples"], whole["generatedSamples"], whole["generatedVideos"]] {
      uris += list.array.compactMap { $0["video"]["uri"].string }
    }
    if let first = uris.first {
      return Output(assets: uris.map { .url($0, headers: key) }, handle: first)
    }
    for path in [
      "/response/videos/0/bytesBase64Encoded",
      "/response/generateVideoResponse/generatedSamples/0/video/bytesBase64Encoded",
    ] {
      if let clip = response.asset(at: path, in: answer, mime: "video/mp4") { return Output(clip) }
    }
    let reasons = inner["raiMediaFilteredReasons"].array + whole["raiMediaFilteredReasons"].array
    let words = Failure.cleaned(reasons.compactMap(\.string).joined(separator: " "))
    throw Failure(
      .refused, "content refused: \(words.isEmpty ? "the operation made no video" : words)")
  }
}
