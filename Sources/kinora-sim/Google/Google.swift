import KinoraHTTP
import KinoraModel

/// The Gemini API: video by Interactions, Veo by `predictLongRunning`, images by
/// `generateContent`, generated files.
///
/// Facts: PyPI `google-genai` 2.34.0 and 3.4.0, ai.google.dev/gemini-api/docs/video, and the
/// recorded outputs in google-gemini/cookbook `Get_started_Veo_REST.ipynb`.
struct Google: Provider {
  let name = "google"
  let world: World

  func route(_ call: Call) -> Route {
    if let refusal = authenticate(call) { return .plain(refusal) }
    var rest = call.path
    // Downloads are also seen under /download/v1beta.
    if rest.first == "download" { rest.removeFirst() }
    guard rest.count >= 2, ["v1", "v1beta"].contains(rest[0]) else {
      return .plain(failure(.notFound(call.target)))
    }
    rest.removeFirst()
    switch (call.method, rest[0], rest.count) {
    case ("POST", "models", 2): return verb(rest[1], call)
    case ("GET", "models", 1): return .plain(models())
    case ("GET", "models", 4) where rest[2] == "operations": return operation(rest[3], call)
    case ("GET", "operations", 2): return operation(rest[1], call)
    case ("GET", "files", 2), ("DELETE", "files", 2): return file(rest[1], call)
    case (_, "interactions", _): return interactions(Array(rest.dropFirst()), call)
    default: return .plain(failure(.notFound(call.target)))
    }
  }

  /// `MODEL:METHOD`; a fault marker in the model may hold colons as well.
  private func verb(_ text: String, _ call: Call) -> Route {
    guard let colon = text.lastIndex(of: ":") else { return .plain(failure(.notFound(text))) }
    let model = String(text[..<colon])
    switch text[text.index(after: colon)...] {
    case "predictLongRunning": return submitVeo(model, call)
    case "generateContent": return generateImage(model, call)
    default: return .plain(failure(.notFound(text)))
    }
  }

  private func authenticate(_ call: Call) -> HTTPResponse? {
    let key = call.fields["x-goog-api-key"] ?? call.query["key"]
    if let token = call.bearer {
      if key != nil {
        return .json(
          400,
          [
            "error": [
              "code": "invalid_request",
              "message":
                "Multiple authentication credentials received. Please pass only one.",
            ]
          ])
      }
      return Call.isBad(token) ? GoogleError.badToken : nil
    }
    guard let key, !key.isEmpty else { return GoogleError.noKey }
    return Call.isBad(key) ? GoogleError.badKey : nil
  }

  private func models() -> HTTPResponse {
    let all = VeoModel.gemini.map(\.id) + OmniModel.all.map(\.id) + Self.imageModels.map(\.id)
    return .json(
      200,
      ["models": .array(all.map { JSON.object([JSONMember("name", .string("models/\($0)"))]) })])
  }

  func failure(_ failure: Failure) -> HTTPResponse { GoogleError.general(failure) }

  /// Where a file is. Google's own client reads the file's name out of an https address only and
  /// asks its configured base for it; others follow the address as it stands.
  func uri(file: String, _ call: Call) -> String {
    let agent = (call.fields["user-agent"] ?? "") + (call.fields["x-goog-api-client"] ?? "")
    let base =
      agent.contains("google-genai-sdk")
      ? "https://generativelanguage.googleapis.com" : "\(call.origin)/google"
    return "\(base)/v1beta/files/\(file):download?alt=media"
  }
}
