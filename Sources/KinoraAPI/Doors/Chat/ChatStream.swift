import KinoraCore
import KinoraHTTP
import KinoraModel

/// `"stream": true`: the head with the job's id at once, comments while nothing happens, progress in a
/// field that no client reads as text, the media, `[DONE]`. An error after the head is an event with
/// `error`, as the official clients expect it, and no `[DONE]`.
extension APIService {
  func chatStream(_ answer: ChatAnswer) -> HTTPResponse {
    let told = Told()
    var streaming = HTTPStreaming { [self] stream in
      // Encoding is no work for the loop's thread.
      await withTaskExecutorPreference(globalConcurrentExecutor) {
        do throws(HTTPGone) {
          try await run(answer, stream, told)
        } catch {}
      }
    }
    let names = answer.batch.names
    streaming.farewell = Array(": kinorad is stopping; the job goes on: \(names)\n\n".utf8)
    var response = HTTPResponse(
      status: 200, fields: ["Content-Type": "text/event-stream", "Cache-Control": "no-cache"],
      body: .stream(streaming))
    response.sent = whenLeft(answer.batch.ids, told, answer.call)
    return response
  }

  private func run(
    _ answer: ChatAnswer, _ stream: any HTTPStream, _ told: Told
  ) async throws(HTTPGone) {
    let first = answer.chunk(["role": "assistant", "content": ""])
    try await stream.event(first.setting("kinora", ["jobs": answer.batch.json]))
    switch await settled(answer, stream) {
    case .failure(let error):
      let problem = ProblemBody(error: error, requestID: answer.call.requestID)
      try await stream.write(Array("data: ".utf8) + problem.bytes + [0x0a, 0x0a])
      if error.code != .draining { told.set() }
    case .success(let (records, texts)):
      for text in texts {
        try await text.write(to: stream)
        told.carries(text.carried)
      }
      try await stream.event(answer.chunk([:], finish: "stop"))
      if answer.fields.includesUsage { try await stream.event(answer.usageChunk(records)) }
      try await stream.write(Array("data: [DONE]\n\n".utf8))
      told.set()
    }
  }

  /// The completed jobs and their media as events, one a job, so that a client can store the first
  /// while the second arrives. Tells the progress meanwhile.
  private func settled(
    _ answer: ChatAnswer, _ stream: any HTTPStream
  ) async -> Result<([JobRecord], [MediaText]), KinoraError> {
    var records: [JobRecord] = []
    var texts: [MediaText] = []
    do throws(KinoraError) {
      for id in answer.batch.ids {
        try await watch(id, answer.call.viewer) { record in
          let delta: JSON = ["video_progress": ChatAnswer.progress(record)]
          return (try? await stream.event(answer.chunk(delta))) != nil
        }
        records.append(try await service.job(id, answer.call.viewer))
      }
      let done = try Self.completed(records)
      for record in done {
        var holes = holes
        var delta: JSON = [:]
        for (name, items) in try media(answer, [record], &holes) {
          delta = delta.setting(name, .array(items))
        }
        texts.append(holes.filled(answer.chunk(delta), before: "data: ", after: "\n\n"))
      }
      return .success((done, texts))
    } catch {
      return .failure(error)
    }
  }
}

extension HTTPStream {
  /// One event without a name.
  func event(_ json: JSON) async throws(HTTPGone) {
    try await write(Array("data: ".utf8) + json.bytes + [0x0a, 0x0a])
  }
}
