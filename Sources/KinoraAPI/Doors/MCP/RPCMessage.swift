import KinoraHTTP
import KinoraModel

/// One message of JSON-RPC 2.0 (jsonrpc.org/specification), as the Model Context Protocol sends it.
struct RPCMessage: Sendable {
  /// Nil for a notification.
  var id: JSON?
  /// Empty for an answer to a request of ours, of which there are none.
  var method: String
  /// `params`, with the media that came in them.
  var parameters: ParsedBody
  /// The message speaks a revision without a handshake.
  var isStateless: Bool

  private static let versionMember = "io.modelcontextprotocol/protocolVersion"

  var meta: JSON { parameters.json["_meta"] ?? [:] }

  /// The token that progress is to be told with, or nil when nobody asked.
  var progressToken: JSON? {
    guard let token = meta["progressToken"], token.string != nil || token.integer != nil else {
      return nil
    }
    return token
  }

  /// - Parameter fields: of the HTTP request that carried it
  init(_ json: JSON, in body: ParsedBody, _ fields: HTTPFields) throws(RPCFault) {
    guard json.members != nil, json["jsonrpc"]?.string == "2.0" else {
      throw Self.invalid(#"a message must be an object with "jsonrpc": "2.0""#)
    }
    var parameters = body
    parameters.json = json["params"] ?? [:]
    self.parameters = parameters
    id = json["id"]
    isStateless = false
    guard let method = json["method"]?.string else {
      guard json["method"] == nil, json["result"] != nil || json["error"] != nil else {
        throw Self.invalid("a message must have a method, which is a string")
      }
      (self.method, id) = ("", nil)
      return
    }
    self.method = method
    guard id == nil || id?.string != nil || id?.integer != nil else {
      throw Self.invalid("an id must be a string or a whole number")
    }
    guard parameters.json.members != nil else {
      throw RPCFault(
        code: RPCFault.invalidParameters, message: "params must be an object", status: 400)
    }
    try checkVersion(fields)
  }

  /// A header that names a version must name one that is spoken. A request of a revision without a
  /// handshake says in its header fields what its body says, so that proxies can route by them.
  private mutating func checkVersion(_ fields: HTTPFields) throws(RPCFault) {
    let header = fields["mcp-protocol-version"]
    let said = meta[Self.versionMember]?.string
    for version in [header, said].compactMap({ $0 }) where !MCPDoor.versions.contains(version) {
      throw RPCFault(
        code: RPCFault.unsupportedVersion,
        message: "the protocol version \(version.prefix(40)) is not supported",
        data: [
          "supported": .array(MCPDoor.versions.map { .string($0) }), "requested": .string(version),
        ], status: 400)
    }
    isStateless = (said ?? header).map { MCPDoor.stateless.contains($0) } ?? false
    guard isStateless, id != nil else { return }
    let name =
      switch method {
      case "tools/call": parameters.json["name"]?.string
      case "resources/read": parameters.json["uri"]?.string
      default: String?.none
      }
    for (field, value) in [
      ("MCP-Protocol-Version", said), ("Mcp-Method", method), ("Mcp-Name", name),
    ] where field != "Mcp-Name" || name != nil {
      guard fields.values(field).count == 1, fields[field] == value else {
        throw RPCFault(
          code: RPCFault.headerMismatch, message: "the header \(field) must say what the body says",
          data: ["header": .string(field), "body": JSON(value)], status: 400)
      }
    }
  }

  private static func invalid(_ why: String) -> RPCFault {
    RPCFault(code: RPCFault.invalidRequest, message: why, status: 400)
  }

  /// The answer with a result; the newest revision has a word for how complete it is.
  func answer(_ result: JSON) -> JSON {
    [
      "jsonrpc": "2.0", "id": id ?? .null,
      "result": isStateless ? result.setting("resultType", "complete") : result,
    ]
  }

  /// A result that only this client may keep, and not for long.
  func uncached(_ result: JSON) -> JSON {
    isStateless ? result.setting("ttlMs", 0).setting("cacheScope", "private") : result
  }
}
