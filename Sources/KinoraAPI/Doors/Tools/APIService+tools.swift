import KinoraCore
import KinoraHTTP
import KinoraModel

/// What is behind the tools that make and wait.
extension APIService {
  /// What `generate_video` does.
  func generateByTool(
    _ body: ParsedBody, _ call: Call
  ) async throws(KinoraError) -> Tool.Outcome {
    let tool = try ToolFields(body)
    var submission = try submission(tool.fields.request, door: "tools", call)
    submission.models = tool.fields.models
    if let key = tool.key {
      guard submission.key == nil || submission.key == key else {
        throw KinoraError(
          .badField, "idempotency_key is another than the header Idempotency-Key",
          field: "idempotency_key")
      }
      submission.key = try IdempotencyKey.read(["Idempotency-Key": key])
    }
    // A caller that waits has its answer with the end, or a word that it goes on.
    submission.answersAtEnd = tool.seconds > 0
    do throws(KinoraError) {
      let inputs = try tool.inputs(try await image(tool.media, call.viewer))
      if tool.fields.isDryRun {
        try await complete(&submission, inputs)
        return .quote(try await quoteBody(submission, showsPrompt: false))
      }
      let accepted = try await make(submission, inputs)
      return .job(
        Tool.Begun(
          record: accepted.record, seconds: tool.seconds, isMade: true,
          isReplay: accepted.isReplay))
    } catch {
      throw ToolFields.named(error)
    }
  }

  /// The picture of an own, completed job.
  private func image(_ id: JobID?, _ viewer: Viewer) async throws(KinoraError) -> Artifact? {
    guard let id else { return nil }
    func refused(_ why: String) -> KinoraError {
      KinoraError(
        .badField, "media_id: \(why)", field: "media_id", allowed: ["an own, completed image"])
    }
    let record: JobRecord
    do throws(KinoraError) {
      record = try await service.job(id, viewer)
    } catch {
      throw error.code == .notFound ? refused(error.message) : error
    }
    guard record.state == .completed else {
      throw refused("\(id) is \(record.state.rawValue), not completed")
    }
    guard let image = record.artifacts.first(where: { $0.mime.hasPrefix("image/") }) else {
      throw refused("\(id) is no image; to go on with a video say extend_video")
    }
    guard artifacts.path(sha256: image.sha256) != nil else {
      throw refused("the file of \(id) was removed")
    }
    return image
  }
}
