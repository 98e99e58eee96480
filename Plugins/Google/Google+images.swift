import KinoraPlugin

/// Images: `POST /models/M:generateContent`, answered when the image is there.
///
/// Source: google-genai 3.4.0 (`types.FinishReason`, `types.BlockedReason`), read and recorded.
extension Google {
  func generateContent(_ job: Job, _ context: Context) throws(Failure) -> Request {
    var parts: [JSON] = job.prompt.isEmpty ? [] : [["text": .string(job.prompt)]]
    for input in job.inputs("reference") {
      guard input.ref != nil else {
        throw Failure(.invalid, "a reference must be given as bytes or as an https address")
      }
      parts.append(["inlineData": ["mimeType": .string(input.mime), "data": .base64(input)]])
    }
    let image = JSON.fields([
      "aspectRatio": JSON(job.aspectRatio), "imageSize": JSON(job.resolution),
    ])
    return .post(
      root(context) + "/models/" + job.model.percentEncoded + ":generateContent", .paid,
      headers: key,
      json: [
        "contents": [["role": "user", "parts": .array(parts)]],
        // A refusal comes as text, so text is asked for as well.
        "generationConfig": ["responseModalities": ["TEXT", "IMAGE"], "imageConfig": image],
      ])
  }

  func images(_ answer: JSON, _ response: Response) throws(Failure) -> Step<State> {
    var assets: [Asset] = []
    var words = ""
    for (c, candidate) in answer["candidates"].array.enumerated() {
      for (p, part) in candidate["content"]["parts"].array.enumerated()
      // Drafts of a model that thinks in pictures.
      where part["thought"].bool != true {
        words += part["text"].string ?? ""
        for name in ["inlineData", "inline_data"] where !part[name].isNull {
          let mime = part[name]["mimeType"].string ?? part[name]["mime_type"].string
          let place = "/candidates/\(c)/content/parts/\(p)/\(name)/data"
          if let asset = response.asset(at: place, in: answer, mime: mime ?? "image/jpeg") {
            assets.append(asset)
          }
        }
      }
    }
    guard assets.isEmpty else {
      return .succeed(Output(assets: assets)).handle(answer["responseId"].string)
    }
    let reason =
      answer["promptFeedback"]["blockReason"].string
      ?? answer["candidates"][0]["finishReason"].string ?? "STOP"
    guard ["STOP", "MAX_TOKENS"].contains(reason) else {
      throw Failure(.refused, Failure.cleaned("content refused: \(reason) \(words)"))
    }
    throw Failure(.refused, "the answer holds no image\(Words(words).said)")
  }
}
