/// What a browser is told about a page of another origin that may speak to this listener
/// (https://fetch.spec.whatwg.org/#http-cors-protocol). Cookies are never meant: a page sends a key.
enum CrossOrigin {
  /// Fields that every answer to such a page has.
  static func add(_ origin: String, to fields: inout HTTPFields) {
    fields.append("Access-Control-Allow-Origin", origin)
    fields.append("Vary", "Origin")
    fields.append("Access-Control-Expose-Headers", exposed)
  }

  /// The answer to a preflight: 204. Every header that the page wants is allowed: who may come in is
  /// told by its origin and its key, not by how it asks.
  static func preflight(_ wanted: HTTPFields) -> HTTPResponse {
    var fields: HTTPFields = [
      "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
      "Access-Control-Max-Age": "600",
    ]
    let names = wanted["access-control-request-headers"] ?? ""
    if !names.isEmpty, names.utf8.count <= 2048 {
      fields.append("Access-Control-Allow-Headers", names)
    }
    // A public page that speaks to loopback is asked this too, by some browsers.
    if wanted["access-control-request-private-network"] == "true" {
      fields.append("Access-Control-Allow-Private-Network", "true")
    }
    return HTTPResponse(status: 204, fields: fields)
  }

  /// What a page may read besides the fields that are always readable.
  private static let exposed =
    "ETag, Content-Length, Content-Range, Accept-Ranges, Location, Retry-After, "
    + "Idempotent-Replayed, Preference-Applied, RateLimit, RateLimit-Policy, Mcp-Session-Id, "
    + "x-kinora-job, x-kinora-route, x-request-id, x-should-retry"
}
