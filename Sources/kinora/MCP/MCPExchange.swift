import CCurl
import KinoraModel

/// One message of the host on its way, and the answer's on its way back.
final class MCPExchange {
  let line: [UInt8]
  /// Nil for a notification, which gets no answer.
  let id: JSON?
  let since = Now.steady
  var transfer: Transfer?
  /// Not sent before this.
  var due: Milliseconds = 0

  private let method: String
  private let message: JSON
  private var events = EventStreamParser()
  private var isStream: Bool?
  private var body: [UInt8] = []
  private var isAnswered = false

  init(_ line: [UInt8], _ message: JSON) {
    self.line = line
    self.message = message
    id = message["id"]
    method = message["method"]?.string ?? ""
  }

  /// Header fields that say what the message says, as the protocol wants it on HTTP.
  func headers(session: String?, version: String?) -> [String] {
    let parameters = message["params"]
    let own = parameters?["_meta"]?["io.modelcontextprotocol/protocolVersion"]?.string
    var fields: [(String, String?)] = [
      ("Mcp-Session-Id", session),
      ("MCP-Protocol-Version", own ?? (method == "initialize" ? nil : version)),
    ]
    if own != nil {
      let name = parameters?[method == "resources/read" ? "uri" : "name"]?.string
      fields += [("Mcp-Method", method), ("Mcp-Name", name)]
    }
    // What is not plain text has no place in a header, and no tool is called so.
    return fields.compactMap { name, value in
      guard let value, value.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
      return "\(name): \(value)"
    }
  }

  func take(_ bytes: UnsafeRawBufferPointer) {
    if isStream == nil {
      isStream = transfer?.header("content-type")?.hasPrefix("text/event-stream") ?? false
    }
    guard isStream == true else {
      body.append(contentsOf: bytes)
      return
    }
    for event in events.feed(bytes) {
      print(Array(event.data.utf8))
      if (try? JSON.parse(Array(event.data.utf8)))?["method"] == nil { isAnswered = true }
    }
  }

  /// Writes what is still to be said; what a handshake gave, when it was one.
  func finish(_ code: CURLcode, _ client: Client) -> (session: String?, version: String?)? {
    guard let transfer else { return nil }
    if code == CURLE_OK, (200..<300).contains(transfer.status) {
      if isStream != true, !body.isEmpty {
        print(body)
        isAnswered = true
      }
    } else if code == CURLE_OK, let refusal = try? JSON.parse(transfer.received),
      let error = refusal["error"], error["code"]?.integer != nil
    {
      answer(error)
    } else if code == CURLE_OK {
      answer(-32603, "the daemon at \(client.socket) answered with status \(transfer.status)")
    } else {
      let hint = method == "tools/call" ? "; a video that was begun goes on: list_videos" : ""
      answer(-32603, client.unreachable(transfer, code).what + hint)
    }
    if !isAnswered, id != nil { answer(-32603, "kinorad left before it answered: list_videos") }
    guard method == "initialize", let result = (try? JSON.parse(body))?["result"] else {
      return nil
    }
    return (transfer.header("mcp-session-id"), result["protocolVersion"]?.string)
  }

  private func answer(_ code: Int64, _ words: String) {
    answer(["code": .integer(code), "message": .string(words)])
  }

  private func answer(_ error: JSON) {
    defer { isAnswered = true }
    guard id != nil || method.isEmpty else { return }
    let message: JSON = ["jsonrpc": "2.0", "id": id ?? .null, "error": error]
    print(message.bytes)
  }

  /// A message is one line; line ends in JSON stand between its parts only.
  private func print(_ message: [UInt8]) {
    Console.print(message.filter { $0 != 0x0a && $0 != 0x0d })
  }
}
