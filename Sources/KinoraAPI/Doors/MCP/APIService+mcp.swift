import KinoraCore
import KinoraHTTP
import KinoraModel

/// `POST /mcp`: which method is answered by what.
extension APIService {
  /// Any message may make a job, so every answer tells the client's limits.
  func mcp(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let body = try parsed(call.request)
      do throws(RPCFault) {
        if let batch = body.json.array {
          try MCPDoor.takesBatches(call.request.fields)
          return try await answer(batch, in: body, call)
        }
        let message = try RPCMessage(body.json, in: body, call.request.fields)
        return await answer(message, streams: Self.takesEvents(call), call)
      } catch {
        return Self.fault(error, id: body.json["id"] ?? .null)
      }
    }
  }

  /// `DELETE /mcp`: the client leaves. There is nothing to forget but its waiting.
  func endSession(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in
      calls.stop(session: Self.session(call))
      return HTTPResponse(status: 204)
    }
  }

  /// Batches are a matter of revision 2025-03-26 alone: one answer, in the order of the requests.
  private func answer(
    _ batch: [JSON], in body: ParsedBody, _ call: Call
  ) async throws(RPCFault) -> HTTPResponse {
    guard (1...50).contains(batch.count) else {
      throw RPCFault(
        code: RPCFault.invalidRequest, message: "a batch has 1 to 50 messages", status: 400)
    }
    var answers: [JSON] = []
    for json in batch {
      let message = try RPCMessage(json, in: body, call.request.fields)
      guard message.method != "resources/read" else {
        throw RPCFault(
          code: RPCFault.invalidRequest, message: "resources/read goes alone", status: 400)
      }
      guard case .bytes(let bytes) = await answer(message, streams: false, call).body,
        let answer = try? JSON.parse(bytes)
      else { continue }
      answers.append(answer)
    }
    return answers.isEmpty ? HTTPResponse(status: 202) : Answer.json(.array(answers))
  }

  private func answer(_ message: RPCMessage, streams: Bool, _ call: Call) async -> HTTPResponse {
    guard let id = message.id else {
      if message.method == "notifications/cancelled",
        let other = message.parameters.json["requestId"]
      {
        calls.stop(session: Self.session(call), id: other.text)
      }
      return HTTPResponse(status: 202)
    }
    do throws(RPCFault) {
      switch message.method {
      case "initialize": return initialized(message)
      case "server/discover": return Answer.json(message.answer(Self.discovered(message)))
      case "ping": return Answer.json(message.answer([:]))
      case "tools/list": return Answer.json(message.answer(toolList(message, call)))
      case "tools/call": return try await callTool(message, streams: streams, call)
      case "resources/list": return Answer.json(message.answer(try await results(message, call)))
      case "resources/templates/list":
        return Answer.json(message.answer(Self.resourceTemplates(message)))
      case "resources/read": return try await readResource(message, call)
      default:
        throw RPCFault(
          code: RPCFault.unknownMethod, message: "there is no method \(message.method.prefix(80))",
          status: message.isStateless ? 404 : 200)
      }
    } catch {
      return Self.fault(error, id: id)
    }
  }

  private static func fault(_ fault: RPCFault, id: JSON) -> HTTPResponse {
    let isID = id.string != nil || id.integer != nil
    var response = Answer.json(fault.json(id: isID ? id : .null))
    response.status = fault.status
    return response
  }

  /// The newest revision that both speak, by the client's wish where that can be.
  private func initialized(_ message: RPCMessage) -> HTTPResponse {
    let wish = message.parameters.json["protocolVersion"]?.string ?? ""
    let version = MCPDoor.handshakes.contains(wish) ? wish : MCPDoor.handshakes.last ?? wish
    var response = Answer.json(
      message.answer([
        "protocolVersion": .string(version), "capabilities": MCPDoor.capabilities,
        "serverInfo": MCPDoor.server, "instructions": .string(MCPDoor.instructions),
      ]))
    response.fields.append("Mcp-Session-Id", entropy.bytes(16).hexadecimal)
    return response
  }

  private static func discovered(_ message: RPCMessage) -> JSON {
    message.uncached([
      "supportedVersions": .array(MCPDoor.versions.map { .string($0) }),
      "capabilities": MCPDoor.capabilities, "instructions": .string(MCPDoor.instructions),
      "_meta": ["io.modelcontextprotocol/serverInfo": MCPDoor.server],
    ])
  }

  private func toolList(_ message: RPCMessage, _ call: Call) -> JSON {
    let tools = Tool.all.map { tool -> JSON in
      [
        "name": .string(tool.name), "title": .string(tool.title),
        "description": .string(tool.description), "inputSchema": tool.schema(self, call.viewer),
        "annotations": [
          "title": .string(tool.title), "readOnlyHint": .bool(tool.isReadOnly),
          "destructiveHint": .bool(tool.name == Tool.cancel.name),
          "openWorldHint": .bool(tool.name == Tool.generate.name),
        ],
      ]
    }
    return message.uncached(["tools": .array(tools)])
  }

  /// What a session's waiting goes by; a client without a session can only hang up.
  static func session(_ call: Call) -> String? {
    call.request.fields["mcp-session-id"].map { "\(call.viewer.client)\n\($0)" }
  }

  private static func takesEvents(_ call: Call) -> Bool {
    call.request.fields.values("accept").contains { $0.contains("text/event-stream") }
  }
}
