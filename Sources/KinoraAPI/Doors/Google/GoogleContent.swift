import KinoraCore
import KinoraHTTP
import KinoraModel

/// `POST models/MODEL:generateContent`: pictures, answered when they are there.
extension APIService {
  /// Seconds that a picture may take before the client is told to look for its job itself.
  private static let longestPicture = 600

  func googleContent(_ model: String, _ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      try call.googleVersion()
      let body = try GoogleContentBody(try parsed(call.request), model: model)
      var wish = try submission(body.request, door: GoogleDoor.waiting, call)
      wish.answersAtEnd = true
      let made = try await make(wish, body.inputs).record
      let record = try await outcome(made.id, call.viewer, seconds: Self.longestPicture)
      if let error = Self.failure(of: record) { throw error }
      guard record.state == .completed else {
        throw KinoraError(
          .notReady, "\(record.id) is not finished: GET /v1/videos/\(record.id)", retryAfter: 10)
      }
      var text = MediaText()
      text.text("{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[")
      for (at, (artifact, file)) in try files(of: record).enumerated() {
        let mime = JSON.string(artifact.mime).text
        text.text("\(at > 0 ? "," : ""){\"inlineData\":{\"mimeType\":\(mime),\"data\":\"")
        text.base64(file)
        text.text("\"}}")
      }
      text.text("]},\"finishReason\":\"STOP\",\"index\":0}],\"modelVersion\":")
      text.text("\(JSON.string(record.model).text),\"responseId\":\"\(record.id)\"}")
      var response = answer(text, [record.id], call)
      response.fields.append("x-kinora-job", record.id.rawValue)
      return response
    }
  }
}

/// The body of `generateContent`, as far as it makes a picture.
struct GoogleContentBody {
  private(set) var request: GenerationRequest
  private(set) var inputs: [WantedInput] = []

  init(_ body: ParsedBody, model: String) throws(KinoraError) {
    let top = FieldReader(json: body.json, body: body)
    try top.only(["contents", "generationConfig", "safetySettings", "systemInstruction"])
    request = GenerationRequest(model: model, prompt: "")
    guard let contents = top["contents"]?.array, !contents.isEmpty else {
      throw top.error("contents", "must have at least one content", ["[{\"parts\":[…]}]"])
    }
    // It says how to understand what follows, so it stands before it.
    var texts = (top["systemInstruction"]?["parts"]?.array ?? []).compactMap { $0["text"]?.string }
    for (at, content) in contents.enumerated() {
      for (place, part) in (content["parts"]?.array ?? []).enumerated() {
        let name = "contents.\(at).parts.\(place)"
        if let text = part["text"]?.string {
          texts.append(text)
        } else if part["inlineData"] != nil {
          inputs.append(
            WantedInput(
              role: .reference, field: name, source: try GoogleImage.source(part, name, body)))
        } else {
          throw top.error(name, "is neither text nor a picture", ["text", "inlineData"])
        }
      }
    }
    request.prompt = texts.joined(separator: "\n")
    try configure(FieldReader(json: top["generationConfig"] ?? [:], body: body))
  }

  private mutating func configure(_ fields: FieldReader) throws(KinoraError) {
    var fields = fields
    fields.prefix = "generationConfig."
    try fields.only(["responseModalities", "imageConfig", "candidateCount", "seed"])
    let modalities = (fields["responseModalities"]?.array ?? []).compactMap(\.string)
    guard modalities.isEmpty || modalities.contains(where: { $0.uppercased() == "IMAGE" }) else {
      throw fields.error("responseModalities", "must hold IMAGE: text is not made here", ["IMAGE"])
    }
    request.count = Int(try fields.integer("candidateCount", in: 1...100) ?? 1)
    request.seed = try fields.integer("seed", in: Int64.min...Int64.max)
    let image = FieldReader(
      json: fields["imageConfig"] ?? [:], body: fields.body,
      prefix: "generationConfig.imageConfig.")
    try image.only(["aspectRatio", "imageSize"])
    request.aspectRatio = try image.string("aspectRatio", most: 64)
    request.resolution = try image.string("imageSize", most: 64)
  }
}
