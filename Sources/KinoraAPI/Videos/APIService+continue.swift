import KinoraCore
import KinoraHTTP
package import KinoraModel

/// `POST /v1/videos/ID/remix`, `/v1/videos/edits` and `/v1/videos/extensions`, as the OpenAI clients
/// have them: `source` of `POST /v1/videos` in other words. The model is the one that made the source,
/// unless the request names another.
/// Source: PyPI openai 3.52.0, resources/videos.py.
extension APIService {
  func continueVideo(_ use: GenerationKind, _ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let body = try parsed(call.request)
      let fields = try VideoFields(body, known: ContinueFields.known(use))
      if !fields.request.model.isEmpty {
        try check(use, try submission(fields.request, door: "videos", call))
      }
      let id = use == .remix ? call.job : try ContinueFields.video(body)
      let source = try await service.job(id, call.viewer)
      guard source.state == .completed else {
        throw KinoraError(.notReady, "\(id) is \(source.state.rawValue), not completed")
      }
      var request = fields.request
      if request.model.isEmpty { request.model = "\(source.provider)/\(source.model)" }
      request.sourceJob = id
      request.sourceUse = use
      var submission = try submission(request, door: "videos", call)
      try check(use, submission)
      try await complete(&submission, [])
      return try await accept(submission, call)
    }
  }

  /// Throws `notSupported` where the model cannot do it.
  private func check(_ use: GenerationKind, _ submission: Submission) throws(KinoraError) {
    let entry = try service.entry(for: submission)
    guard !entry.model.kinds.contains(use) else { return }
    throw KinoraError(
      .notSupported, "\(entry.id) cannot \(use.rawValue) a video", field: "model",
      allowed: able(use, of: entry.settings.name))
  }

  /// Models of a provider that can do it. Those of others cannot go on with this provider's result.
  private func able(_ use: GenerationKind, of provider: String) -> [String] {
    service.policy.index.entries.filter {
      $0.settings.name == provider && $0.model.kinds.contains(use)
    }.map(\.id)
  }
}

/// Fields of a request that goes on with an earlier result.
package enum ContinueFields {
  private static let common = [
    "prompt", "model", "n", "audio", "seed", "max_cost_usd", "metadata", "user", "tenant",
    "options", "style_preset",
  ]

  /// A remix and an edit keep length and shape of their source; a remix has it in its path.
  package static func known(_ use: GenerationKind) -> [String] {
    switch use {
    case .remix: common
    case .edit: common + ["video"]
    default: common + ["video", "seconds"]
    }
  }

  /// `{"id":"video_…"}`; in form data `video[id]`.
  static func video(_ body: ParsedBody) throws(KinoraError) -> JobID {
    let fields = FieldReader(json: body.json, body: body)
    let allowed = ["{\"id\":\"video_…\"}, an own, completed job"]
    guard let value = fields["video"] else { throw fields.error("video", "is missing", allowed) }
    guard let id = value["id"]?.string, value.members?.count == 1 else {
      throw fields.error("video", "must name an own job: files are not taken here", allowed)
    }
    return JobID(rawValue: id)
  }
}
