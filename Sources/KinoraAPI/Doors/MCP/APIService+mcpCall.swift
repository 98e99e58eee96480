import KinoraCore
import KinoraHTTP
import KinoraModel

/// `tools/call`. What is wrong with the arguments is known at once and is a result with `isError`,
/// which a language model reads and mends. A job that is waited for is answered as a stream where
/// the client takes one: comments keep it open, and its progress is told where a token came.
extension APIService {
  func callTool(
    _ message: RPCMessage, streams: Bool, _ call: Call
  ) async throws(RPCFault) -> HTTPResponse {
    guard let tool = message.parameters.json["name"]?.string.flatMap(Tool.named) else {
      throw RPCFault(
        code: RPCFault.invalidParameters, message: "there is no such tool",
        data: ["allowed": .array(Tool.all.map { .string($0.name) })])
    }
    var arguments = message.parameters
    arguments.json = message.parameters.json["arguments"] ?? [:]
    do throws(KinoraError) {
      switch try await tool.run(self, arguments, call) {
      case .job(let begun) where begun.seconds > 0 && !begun.record.state.isOutwardlyOver:
        return await wait(begun, message, streams: streams, call)
      case .job(let begun):
        var response = Answer.json(message.answer(ToolWords.result(begun.record, call)))
        let told = Told()
        told.set()
        mark(&response, begun, told, call)
        return response
      case .jobs(let records):
        return Answer.json(message.answer(ToolWords.result(records, call)))
      case .quote(let bytes):
        return Answer.json(message.answer(ToolWords.result(quote: bytes)))
      case .models(let models):
        return Answer.json(message.answer(ToolWords.result(models: models)))
      }
    } catch {
      return Answer.json(message.answer(ToolWords.result(told(error, call))))
    }
  }

  private func wait(
    _ begun: Tool.Begun, _ message: RPCMessage, streams: Bool, _ call: Call
  ) async -> HTTPResponse {
    let session = Self.session(call)
    let name = message.id?.text ?? ""
    let told = Told()
    var response: HTTPResponse
    if streams {
      let farewell = message.answer(ToolWords.result(stopping: begun.record))
      let streaming = HTTPStreaming(farewell: Self.event(farewell)) { [self] stream in
        await withTaskExecutorPreference(globalConcurrentExecutor) {
          let result = await calls.run(session: session, id: name) { [self] in
            await follow(begun, message, call, stream)
          }
          // Who stopped waiting wants no answer.
          guard let result, !Task.isCancelled else { return }
          if (try? await stream.write(Self.event(message.answer(result)))) != nil { told.set() }
        }
      }
      response = HTTPResponse(
        status: 200, fields: ["Content-Type": "text/event-stream", "Cache-Control": "no-cache"],
        body: .stream(streaming))
    } else {
      let result = await calls.run(session: session, id: name) { [self] in
        await follow(begun, message, call, nil)
      }
      if result != nil { told.set() }
      response = Answer.json(
        result.map(message.answer)
          ?? RPCFault(code: RPCFault.internalError, message: "the waiting was stopped")
          .json(id: message.id ?? .null))
    }
    mark(&response, begun, told, call)
    return response
  }

  private func mark(
    _ response: inout HTTPResponse, _ begun: Tool.Begun, _ told: Told, _ call: Call
  ) {
    let id = begun.record.id
    response.fields.append("x-kinora-job", id.rawValue)
    guard begun.isMade else { return }
    response.sent = whenLeft([id], told, call)
  }

  /// The result once the job is over or the time has passed; tells its progress meanwhile.
  private func follow(
    _ begun: Tool.Begun, _ message: RPCMessage, _ call: Call, _ stream: (any HTTPStream)?
  ) async -> JSON {
    let began = clock.steady()
    let end = began + Milliseconds(begun.seconds) * 1000
    let pace = ProgressPace(token: stream == nil ? nil : message.progressToken)
    do throws(KinoraError) {
      try await watch(begun.record.id, call.viewer, every: 1000) { record in
        let now = clock.steady()
        if let event = pace.event(record, after: now - began) {
          guard (try? await stream?.write(Self.event(event))) != nil else { return false }
        }
        return now < end
      }
      let record = try await service.job(begun.record.id, call.viewer)
      return ToolWords.result(record, call)
    } catch {
      return ToolWords.result(told(error, call))
    }
  }

  /// One server-sent event with a message.
  private static func event(_ message: JSON) -> [UInt8] {
    Array("event: message\ndata: ".utf8) + message.bytes + [0x0a, 0x0a]
  }
}
