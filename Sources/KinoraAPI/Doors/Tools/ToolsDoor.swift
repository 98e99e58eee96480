import KinoraCore
import KinoraHTTP
import KinoraModel

/// Tools for programs that let a language model choose what to call: names, descriptions and JSON
/// Schemas that can be handed to a model as they are, and one path a tool that runs it.
///
/// `name`, `description` and `input_schema` are the words of Anthropic's Messages API
/// (docs.anthropic.com, "Tool use"); the Model Context Protocol's door offers the same tools.
///
/// The way of a request: ``Tool`` by its name, ``ToolFields`` reads the arguments, the kit makes the job,
/// and the native door's answer is given.
enum ToolsDoor {
  static let routes: [Route] = [
    Route("/v1/tools", .get { $0.listTools($1) }),
    Route("/v1/tools/{name}", .post(.known, .upload) { $0.runTool($1) }),
  ]
}

extension APIService {
  func listTools(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      _ = try call.query([])
      let tools = Tool.all.map { tool -> JSON in
        [
          "name": .string(tool.name), "description": .string(tool.description),
          "input_schema": tool.schema(self, call.viewer),
        ]
      }
      return Answer.json(["object": "list", "tools": .array(tools)])
    }
  }

  /// The answer is what the native route for the same thing answers: a job, a quote, a list.
  func runTool(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let name = call.values.first ?? ""
      guard let tool = Tool.named(name) else {
        let near = Spelling.nearest(name, in: Tool.all.map(\.name)).first
        throw KinoraError(
          .notFound,
          "there is no tool \(name.prefix(80))"
            + (near.map { "; did you mean \($0)?" } ?? ""), allowed: Tool.all.map(\.name))
      }
      switch try await tool.run(self, try parsed(call.request), call) {
      case .quote(let bytes): return Answer.json(bytes)
      case .models(let models): return Answer.json(["object": "list", "data": .array(models)])
      case .jobs(let records):
        let data = records.map { (try? JSON.parse(rendered($0, call.viewer))) ?? .null }
        return Answer.json(["object": "list", "data": .array(data)])
      case .job(let begun):
        var record = begun.record
        if begun.seconds > 0, !record.state.isOutwardlyOver {
          record = try await outcome(record.id, call.viewer, seconds: begun.seconds)
        }
        return toolAnswer(record, begun, call)
      }
    }
  }

  private func toolAnswer(_ record: JobRecord, _ begun: Tool.Begun, _ call: Call) -> HTTPResponse {
    var response = Answer.json(rendered(record, call.viewer))
    response.fields.append("x-kinora-job", record.id.rawValue)
    Answer.pace(&response, record)
    if begun.isReplay { response.fields.append("Idempotent-Replayed", "true") }
    if begun.isMade {
      response.sent = { [service] whole in service.delivered(record.id, whole: whole) }
    }
    return response
  }
}
