import KinoraCore
import KinoraHTTP
import KinoraModel

/// `POST models/MODEL:predictLongRunning`, its operations, and the list of models.
extension APIService {
  /// `MODEL:METHOD`; models may hold slashes.
  func googleVerb(_ call: Call) -> HTTPReply {
    let name = call.values.last ?? ""
    guard let colon = name.lastIndex(of: ":") else {
      return now(call) { () throws(KinoraError) in
        throw KinoraError(.notFound, "models/\(name.prefix(200)) has no method")
      }
    }
    let model = String(name[..<colon])
    switch name[name.index(after: colon)...] {
    case "predictLongRunning": return googlePredict(model, call)
    case "generateContent": return googleContent(model, call)
    case let method:
      return now(call) { () throws(KinoraError) in
        throw KinoraError(
          .notSupported, "the method \(method.prefix(60)) is not served", field: "method",
          allowed: ["predictLongRunning", "generateContent"])
      }
    }
  }

  private func googlePredict(_ model: String, _ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      try call.googleVersion()
      let body = try GoogleVeoBody(try parsed(call.request), model: model)
      let record = try await make(
        try submission(body.request, door: "google", call), body.inputs
      ).record
      var response = Answer.json(["name": .string(Self.operationName(record, model))])
      Answer.pace(&response, record)
      response.sent = { [service] whole in service.delivered(record.id, whole: whole) }
      return response
    }
  }

  /// `GET models/MODEL/operations/ID`.
  func googleOperation(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      try call.googleVersion()
      let parts = (call.values.last ?? "").split(separator: "/")
      guard parts.count >= 3, parts[parts.count - 2] == "operations", let last = parts.last else {
        throw KinoraError(
          .notFound, "there is no models/\((call.values.last ?? "").prefix(200))")
      }
      let record = try await service.job(GoogleDoor.job(last).id, call.viewer)
      let model = parts.dropLast(2).joined(separator: "/")
      let name = Self.operationName(record, model)
      if call.isAISDK, record.state == .completed {
        var holes = holes
        let urls = try dataURLs(of: record, &holes)
        return answer(holes.filled(Self.operation(record, name, urls)), [record.id], call)
      }
      let urls = record.artifacts.indices.map { index in
        JSON.string(GoogleDoor.uri(record.id, index, call))
      }
      var response = Answer.json(Self.operation(record, name, urls))
      Answer.pace(&response, record)
      return response
    }
  }

  func googleModels(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in
      try call.googleVersion()
      let models = service.policy.index.entries.map { entry -> JSON in
        let method = entry.model.medium == "image" ? "generateContent" : "predictLongRunning"
        return [
          "name": .string("models/\(entry.id)"), "displayName": .string(entry.model.name),
          "supportedGenerationMethods": [.string(method)],
        ]
      }
      return Answer.json(["models": .array(models)])
    }
  }

  private static func operationName(_ record: JobRecord, _ model: String) -> String {
    "models/\(model)/operations/\(GoogleDoor.fileName(record.id, 0))"
  }

  /// A name alone until it is done: there is no progress in this dialect.
  private static func operation(_ record: JobRecord, _ name: String, _ urls: [JSON]) -> JSON {
    let pending: JSON = ["name": .string(name)]
    guard record.state.isOutwardlyOver else { return pending }
    let done = pending.setting("done", true)
    guard let (code, message) = JobRenderer.failure(of: record) else {
      let samples = urls.map { uri -> JSON in ["video": ["uri": uri]] }
      return done.setting("response", response(["generatedSamples": .array(samples)]))
    }
    guard code == .contentBlocked else {
      return done.setting(
        "error", ["code": .integer(Self.rpcCode(code)), "message": .string(message)])
    }
    return done.setting(
      "response",
      response(["raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [.string(message)]]))
  }

  private static func response(_ inner: JSON) -> JSON {
    [
      "@type":
        "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse",
      "generateVideoResponse": inner,
    ]
  }

  /// google.rpc.Code of a job's end.
  private static func rpcCode(_ code: KinoraError.Code) -> Int64 {
    switch code {
    case .cancelled: 1
    case .expired: 4
    case .providerRefused: 3
    case .providerExhausted: 8
    case .providerUnavailable: 14
    default: 13
    }
  }
}
