import KinoraCore
import KinoraHTTP
import KinoraModel

/// `POST /v1/quote`, and `dry_run` of `POST /v1/videos`.
extension APIService {
  func quote(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let fields = try VideoFields(try parsed(call.request))
      var submission = Submission(
        request: fields.request, viewer: call.viewer, door: "videos", key: nil)
      submission.models = fields.models
      try await complete(&submission, fields.inputs)
      return Answer.json(try await quoteBody(submission))
    }
  }

  /// What a request would become and cost. Inputs are stored as they would be for the job, so that a
  /// quote meets every error that the job would; what no job refers to is swept.
  ///
  /// `showsPrompt` tells the prompts as they would leave, a tenant's words and a style's included;
  /// these are for the client's program and not for whom it serves.
  func quoteBody(
    _ submission: Submission, showsPrompt: Bool = true
  ) async throws(KinoraError) -> [UInt8] {
    let answer = try service.quote(submission)
    let request = answer.resolved.request
    let budget = try await budget(submission.viewer, endUser: request.endUser)
    var json = JSONWriter(capacity: 1024)
    json.beginObject()
    json.member("object", "quote")
    json.member("model", .string(answer.entry.id))
    json.member("microusd", .integer(answer.quote.amount.rawValue))
    json.member("usd", .string(String(answer.quote.amount.dollars.dropFirst())))
    json.member("basis", .string(answer.quote.basis))
    json.member("source", .string(answer.quote.source))
    json.key("resolved")
    json.beginObject()
    json.member("kind", .string(answer.resolved.kind.rawValue))
    RequestObject(request: request).members(to: &json)
    json.endObject()
    if showsPrompt {
      let suffix = service.tenant(submission)?.promptSuffix
      json.member("prompt_sent", .string(request.promptSent(suffix: suffix)))
      json.member("negative_prompt_sent", JSON(request.negativePromptSent))
    }
    json.key("asked")
    JobRenderer.strings(answer.resolved.asked, to: &json)
    json.member("budget", .array(budget))
    json.member("warnings", .array(warnings(answer)))
    json.endObject()
    return json.bytes
  }

  /// What was not taken as asked, then what one should know of the model.
  private func warnings(_ answer: QuoteAnswer) -> [JSON] {
    var notes: [(field: String, message: String)] = []
    let model = answer.entry.model
    if let day = model.retiresAt, ModelRenderer.isShutdownOurs(answer.entry) {
      let next = model.successor.map { "; its successor is \($0)" } ?? ""
      notes.append(
        (
          "model",
          "\(answer.entry.id) will be shut down by its provider on \(day)\(next)"
        ))
    }
    if answer.quote.source != "catalog" {
      notes.append(
        ("model", "\(answer.entry.id) has no known price; the provider may bill another sum"))
    }
    if !answer.entry.settings.isEnabled {
      notes.append(("model", "\(answer.entry.settings.name) is switched off: the job would wait"))
    }
    let moved = RequestWarning.all(
      asked: answer.resolved.asked, request: answer.resolved.request)
    return moved.map(\.json)
      + notes.map { note in
        ["field": .string(note.field), "action": "noted", "message": .string(note.message)]
      }
  }

  /// What is left today of each budget that a job of this viewer counts against.
  private func budget(
    _ viewer: Viewer, endUser: String?
  ) async throws(KinoraError) -> [JSON] {
    let scopes = service.scopes(client: viewer.client, endUser: endUser)
    let rows = try await service.usage(day: UTC.day(clock.now()), Self.everything)
    return scopes.map { scope in
      let row = rows.first { $0.scope == scope.name }
      let cap = scope.cap
      let used = row.map { $0.reserved + $0.spent } ?? .zero
      return [
        "scope": .string(scope.name), "cap_microusd": JSON(cap?.rawValue),
        "left_microusd": JSON(cap.map { max($0 - used, .zero).rawValue }),
      ]
    }
  }

  /// Sees the host's budget, of which everybody is told what is left.
  private static let everything = Viewer(principal: "", client: "", isAdmin: true)
}
