import KinoraHTTP
import KinoraModel

/// How bodies are taken in.
extension APIService {
  /// Bytes of a body that nobody looks at.
  private static let ignoredBytes = 64 * 1024

  func bodyPlan(_ body: Route.Body, _ call: Call) throws(KinoraError) -> HTTPBodyPlan {
    if body == .ignored { return .collect(limit: Self.ignoredBytes) }
    let type = Self.mediaType(call.request.fields)
    if type == nil || type == "application/json" {
      // No string of a short body is long enough to be lifted.
      let length = call.request.fields["content-length"].flatMap { Int($0) }
      if body == .json { return .collect(limit: Limits.jsonBytes) }
      if let length, length <= Limits.liftRequestBytes { return .collect(limit: length) }
      return stream(JSONUpload(artifacts: artifacts, nonce: nonce), call)
    }
    guard body == .upload, type == "multipart/form-data" else {
      throw KinoraError(
        .unsupportedMediaType,
        "Content-Type must be application/json"
          + (body == .upload ? " or multipart/form-data" : ""),
        field: "Content-Type",
        allowed: body == .upload
          ? ["application/json", "multipart/form-data"] : ["application/json"])
    }
    let form = try FormUpload(
      contentType: call.request.fields["content-type"] ?? "", artifacts: artifacts, nonce: nonce)
    return stream(form, call)
  }

  /// The body of a request after its plan.
  func parsed(_ request: HTTPRequest) throws(KinoraError) -> ParsedBody {
    if let sink = request.sink as? UploadSink { return try sink.finish() }
    return ParsedBody(json: try JSONText.parse(request.body))
  }

  private func stream(_ reader: any BodyReader, _ call: Call) -> HTTPBodyPlan {
    let sink = UploadSink(reader) { [self] error in refusal(error, call) }
    return .stream(sink, limit: Limits.bodyBytes)
  }

  private var nonce: String { entropy.bytes(12).hexadecimal }

  private static func mediaType(_ fields: HTTPFields) -> String? {
    guard let text = fields["content-type"] else { return nil }
    let type = text.prefix { $0 != ";" }
    return type.filter { $0 != " " && $0 != "\t" }.lowercased()
  }
}
