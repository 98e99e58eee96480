import KinoraHTTP
import KinoraModel

/// The Model Context Protocol over Streamable HTTP, at `POST /mcp`: the tools of `/v1/tools`, and
/// results as resources. `kinora mcp` carries the same messages over stdin and stdout.
///
/// Source: modelcontextprotocol.io/specification, revisions 2025-03-26, 2025-06-18, 2025-11-25
/// (a handshake, then requests) and 2026-07-28 (no handshake: each request says its version).
///
/// Nothing of a session is kept, so a restart ends none: its id only tells apart whose waiting a
/// `notifications/cancelled` means. Nothing is ever sent unasked, so there is no GET.
///
/// The way of a request: ``RPCMessage`` reads it, `APIService+mcp` finds what answers its method;
/// `callTool` runs a ``Tool`` of the tools' folder and ``ToolWords`` words the result, `readResource` gives
/// a file.
enum MCPDoor {
  static let routes: [Route] = [
    Route("/mcp", .post(.known, .upload) { $0.mcp($1) }, .delete { $0.endSession($1) })
      .speaking(dialect)
  ]

  /// Revisions with a handshake, oldest first. 2024-11-05 is spoken on stdio, where it is the same.
  static let handshakes = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
  /// Revisions whose requests carry their version in `_meta`.
  static let stateless = ["2026-07-28"]
  static var versions: [String] { handshakes + stateless }

  /// Throws unless the client may speak 2025-03-26, the one revision with batches: it says so, or it is
  /// older than the header field that tells.
  static func takesBatches(_ fields: HTTPFields) throws(RPCFault) {
    guard let version = fields["mcp-protocol-version"], version > "2025-03-26" else { return }
    throw RPCFault(
      code: RPCFault.invalidRequest,
      message: "since revision 2025-06-18 a message goes alone, not in a batch", status: 400)
  }

  /// What is refused before a message was read has no id to answer to.
  static let dialect = Dialect.json { error, status, requestID in
    let code = error.code == .malformedBody ? RPCFault.parseError : RPCFault.internalError
    var data = facts(error).setting("request_id", .string(requestID))
    if status == 401 || status == 403 { data = data.setting("status", .integer(Int64(status))) }
    return RPCFault(code: code, message: error.message, data: data).json(id: .null)
  }

  /// An error's facts for programs.
  static func facts(_ error: KinoraError) -> JSON {
    [
      "code": .string(error.code.rawValue), "message": .string(error.message),
      "field": JSON(error.field), "allowed": .array(error.allowed.map { .string($0) }),
    ]
  }

  static let capabilities: JSON = ["tools": [:], "resources": [:]]
  static let server: JSON = [
    "name": "kinora", "title": "Kinora", "version": .string(Version.current),
  ]
  static let instructions = """
    Makes videos. generate_video costs money and takes minutes: when it answers that a video goes \
    on, wait with get_video and that id instead of asking for it again. dry_run tells the price. \
    A video that was begun is never lost: list_videos finds it again.
    """
}

/// An error of JSON-RPC 2.0.
struct RPCFault: Error {
  var code: Int64
  var message: String
  var data: JSON?
  /// The HTTP status, where it is not 200.
  var status = 200

  static let parseError: Int64 = -32700
  static let invalidRequest: Int64 = -32600
  static let unknownMethod: Int64 = -32601
  static let invalidParameters: Int64 = -32602
  static let internalError: Int64 = -32603
  /// Header fields do not say what the body says (revision 2026-07-28).
  static let headerMismatch: Int64 = -32020
  /// With `data.supported` (revision 2026-07-28).
  static let unsupportedVersion: Int64 = -32022
  /// There is no such resource (revisions up to 2025-11-25).
  static let noResource: Int64 = -32002

  func json(id: JSON) -> JSON {
    var error: JSON = ["code": .integer(code), "message": .string(message)]
    if let data { error = error.setting("data", data) }
    return ["jsonrpc": "2.0", "id": id, "error": error]
  }
}
