import KinoraHTTP
import KinoraModel

/// `GET /`, `GET /openapi.json` and `GET /docs`: the same for everybody, known or not.
extension APIService {
  /// For who has an address and nothing else.
  func entrance(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in
      Self.fixed(
        Answer.json(
          [
            "name": "kinora", "version": .string(Version.current), "documentation": "/docs",
            "contract": "/openapi.json", "studio": "/studio", "health": "/livez",
          ] as JSON), call)
    }
  }

  func contract(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in Self.fixed(Answer.json(Contract.bytes), call) }
  }

  func documentation(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in
      var response = Answer.text(DocsPage.html, type: "text/html; charset=utf-8")
      response.fields.append("Content-Security-Policy", DocsPage.policy)
      return Self.fixed(response, call)
    }
  }

  /// Only another version of the daemon says something else, so whoever has it may keep it: 304.
  private static func fixed(_ response: HTTPResponse, _ call: Call) -> HTTPResponse {
    var response = response
    if case .bytes(let bytes) = response.body {
      let tag = EntityTag.of(bytes)
      response.fields.append("ETag", tag)
      if knows(tag, call.request.fields) {
        response.status = 304
        response.body = .none
      }
    }
    response.fields.append("X-Content-Type-Options", "nosniff")
    response.fields.append("Cache-Control", "no-cache")
    return response
  }
}
