import KinoraHTTP
import KinoraModel

/// One request to a provider, taken apart.
struct Call: Sendable {
  let method: String
  /// The decoded parts of the path under the provider's prefix.
  let path: [String]
  let query: [String: String]
  let fields: HTTPFields
  let body: [UInt8]
  /// The body as JSON; nil when it is none.
  let json: JSON?
  /// Scheme and authority under which the client reached us, `https://127.0.0.1:8443`.
  let origin: String
  /// Path and query as they were sent, with the prefix.
  let target: String

  init(_ request: HTTPRequest, path: [String]) {
    method = request.method
    self.path = path
    fields = request.fields
    body = request.body
    target = request.path + (request.query.map { "?\($0)" } ?? "")
    json = body.isEmpty ? nil : try? JSON.parse(body)
    // What a front says of the client's own view, as nginx is told to.
    let scheme = fields["x-forwarded-proto"] ?? "http"
    origin = "\(scheme)://\(fields["x-forwarded-host"] ?? fields["host"] ?? "127.0.0.1")"
    var query: [String: String] = [:]
    for pair in (request.query ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      query[Self.decode(parts[0])] = parts.count == 2 ? Self.decode(parts[1]) : ""
    }
    self.query = query
  }

  /// The parts of a path, decoded.
  static func split(_ path: String) -> [String] { path.split(separator: "/").map { decode($0) } }

  /// Percent-decoding; what is not well formed stays as it is.
  static func decode(_ text: Substring) -> String {
    guard text.contains("%") else { return String(text) }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The token of an `Authorization: Bearer` field; nil without one.
  var bearer: String? {
    guard let value = fields["authorization"] else { return nil }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, String(parts[0]).lowercased() == "bearer" else { return nil }
    let token = parts[1].drop(while: { $0 == " " })
    return token.isEmpty ? nil : String(token)
  }

  /// Keys that are refused begin so.
  static func isBad(_ key: String) -> Bool { key.hasPrefix("bad-") }
}
