import KinoraCore
import KinoraHTTP
import KinoraModel

/// `resources/…`: the files of completed jobs.
extension APIService {
  /// The newest results are listed; older ones can be read as well.
  private static let listed = 50

  func results(_ message: RPCMessage, _ call: Call) async throws(RPCFault) -> JSON {
    var query = JobQuery()
    query.states = [.completed]
    query.limit = Self.listed
    let records: [JobRecord]
    do throws(KinoraError) {
      records = try await service.jobs(query, call.viewer).jobs
    } catch {
      throw Self.fault(error)
    }
    let resources = records.flatMap { record in
      record.artifacts.enumerated().map { at, artifact -> JSON in
        [
          "uri": .string(ResourceName(record.id, at).uri),
          "name": .string(Self.fileName(record, artifact, at)),
          "description": .string(NoticeObject.trimmed(record.request.prompt)),
          "mimeType": .string(artifact.mime), "size": .integer(artifact.bytes),
        ]
      }
    }
    return message.uncached(["resources": .array(resources)])
  }

  static func resourceTemplates(_ message: RPCMessage) -> JSON {
    message.uncached([
      "resourceTemplates": [
        [
          "uriTemplate": .string(ResourceName.template), "name": "video",
          "description": "A file of a completed video, counted from 0.",
        ]
      ]
    ])
  }

  /// The file as base64 in JSON, written from the disk piece by piece.
  func readResource(
    _ message: RPCMessage, _ call: Call
  ) async throws(RPCFault) -> HTTPResponse {
    let uri = message.parameters.json["uri"]?.string ?? ""
    guard let name = ResourceName(uri) else {
      throw RPCFault(
        code: message.isStateless ? RPCFault.invalidParameters : RPCFault.noResource,
        message: "there is no resource \(uri.prefix(200))",
        data: ["uri": .string(uri), "allowed": [.string(ResourceName.template)]])
    }
    do throws(KinoraError) {
      let found = try await service.artifact(name.job, index: name.index, call.viewer)
      let file = try MediaText.MediaFile(
        path: found.path, length: found.artifact.bytes, of: found.record)
      var holes = holes
      let answer = message.answer(
        message.uncached([
          "contents": [
            [
              "uri": .string(uri), "mimeType": .string(found.artifact.mime),
              "blob": .string(holes.base64(file)),
            ]
          ]
        ]))
      return self.answer(holes.filled(answer), [], call)
    } catch {
      throw Self.fault(error)
    }
  }

  private static func fault(_ error: KinoraError) -> RPCFault {
    let isMine = ErrorTable.row(error.code).status < 500
    return RPCFault(
      code: isMine ? RPCFault.invalidParameters : RPCFault.internalError,
      message: error.message, data: MCPDoor.facts(error))
  }
}
