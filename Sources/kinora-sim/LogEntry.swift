import KinoraHTTP
import KinoraModel

/// One request as `/_sim/log` shows it.
struct LogEntry {
  /// Bytes of a body that are kept; of a longer one only length and hash.
  private static let keptBody = 1 << 20

  let json: JSON

  init(_ request: HTTPRequest, at: Milliseconds) {
    var headers: [JSONMember] = []
    for (name, value) in request.fields.list {
      let key = name.lowercased()
      if let twice = headers.firstIndex(where: { $0.key == key }) {
        headers[twice].value = .string("\(headers[twice].value.string ?? ""), \(value)")
      } else {
        headers.append(JSONMember(key, .string(value)))
      }
    }
    json = [
      "at": .string(UTC.timestamp(at)), "method": .string(request.method),
      "path": .string(request.path + (request.query.map { "?\($0)" } ?? "")),
      "headers": .object(headers), "body": Self.body(request.body),
      "http_version": .string(Self.version(request)),
    ]
  }

  private static func body(_ bytes: [UInt8]) -> JSON {
    if bytes.count > keptBody {
      return ["bytes": JSON(bytes.count), "sha256": .string(SHA256.hash(bytes).hexadecimal)]
    }
    if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
    return ["base64": .string(Base64.encode(bytes))]
  }

  /// What the client spoke. A front on this host says so; others are not believed.
  private static func version(_ request: HTTPRequest) -> String {
    if case .tcp(let address) = request.peer, address.hasPrefix("127."),
      let version = request.fields["x-sim-http-version"]
    {
      return version
    }
    return "HTTP/1.1"
  }
}
