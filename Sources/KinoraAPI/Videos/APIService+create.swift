import KinoraCore
import KinoraHTTP
import KinoraModel

/// `POST /v1/videos`.
extension APIService {
  func createVideo(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let fields = try VideoFields(try parsed(call.request))
      var submission = try submission(fields.request, door: "videos", call)
      submission.models = fields.models
      try await complete(&submission, fields.inputs)
      if fields.isDryRun { return Answer.json(try await quoteBody(submission)) }
      return try await accept(submission, call)
    }
  }

  /// Everything that needs the world but no money: the earlier job's handle, the inputs' bytes. What
  /// a model refuses is refused before anything is stored or fetched.
  func complete(
    _ submission: inout Submission, _ inputs: [WantedInput]
  ) async throws(KinoraError) {
    if let source = submission.request.sourceJob {
      try await takeOver(source, into: &submission)
    }
    guard !inputs.isEmpty else { return }
    submission.request.inputs = InputKeeper.sketch(inputs)
    try check(submission, inputs)
    submission.request.inputs = try await InputKeeper(artifacts: artifacts, fetcher: fetcher)
      .keep(inputs)
    // Types and lengths are known now.
    try check(submission, inputs)
  }

  private func check(_ submission: Submission, _ inputs: [WantedInput]) throws(KinoraError) {
    do throws(KinoraError) {
      _ = try service.quote(submission)
    } catch {
      throw InputKeeper.named(error, inputs)
    }
  }

  /// Makes the job and answers it.
  func accept(
    _ submission: Submission, _ call: Call
  ) async throws(KinoraError) -> HTTPResponse {
    let accepted: Accepted
    do throws(KinoraError) {
      accepted = try await service.submit(submission)
    } catch {
      guard ErrorTable.row(error.code).status >= 500, !Self.provesNothingMade(error.code) else {
        throw error
      }
      // The job may be on disk: who repeats this without a key may pay twice.
      var response = Answer.problem(told(error, call), requestID: call.requestID, place: .body)
      Answer.forbidRepeat(&response)
      return response
    }
    let record = accepted.record
    if !accepted.isReplay, !accepted.isAttached { counter.accepted(record) }
    var response = Answer.json(
      accepted.isAttached
        ? JobRenderer.render(record, life: service.policy.jobLife, isAttached: true)
        : rendered(record, call.viewer))
    response.fields.append("Location", "/v1/videos/\(record.id)")
    if accepted.isReplay { response.fields.append("Idempotent-Replayed", "true") }
    Answer.pace(&response, record)
    response.sent = { [service] whole in service.delivered(record.id, whole: whole) }
    return response
  }

  /// Errors that the core gives before its commit, or for a commit that was rolled back.
  static func provesNothingMade(_ code: KinoraError.Code) -> Bool {
    [.draining, .unavailable, .storageFull, .notSupported].contains(code)
  }

  /// Puts the handle of an own, completed job of the provider that shall go on with it into a request,
  /// and what the request keeps of it.
  private func takeOver(
    _ source: JobID, into submission: inout Submission
  ) async throws(KinoraError) {
    func refused(_ message: String) -> KinoraError {
      KinoraError(.badField, message, field: "source.job", allowed: ["an own, completed job"])
    }
    let record: JobRecord
    do throws(KinoraError) {
      record = try await service.job(source, submission.viewer)
    } catch {
      throw error.code == .notFound ? refused("source.job: \(error.message)") : error
    }
    guard record.state == .completed else {
      throw refused("source.job: \(source) is \(record.state.rawValue), not completed")
    }
    let entry = try service.entry(for: submission)
    guard entry.settings.name == record.provider else {
      throw refused(
        "source.job: \(source) was made by \(record.provider), \(entry.id) cannot go on with it")
    }
    guard let handle = record.resultHandle ?? record.handle else {
      throw refused("source.job: \(source) left nothing that could be gone on with")
    }
    submission.request.sourceHandle = handle
    try Continuation.takeOver(record, into: &submission.request, for: entry.model)
  }

  /// The official OpenAI clients number their repeats in this field, from 1.
  static func isMarkedRepeat(_ fields: HTTPFields) -> Bool {
    (fields["x-stainless-retry-count"].flatMap { Int($0) } ?? 0) >= 1
  }
}
