import KinoraHTTP
import KinoraModel

/// `GET /openapi.json` and `GET /docs`: the same for everybody, known or not.
extension APIService {
  func contract(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in Self.fixed(Answer.json(Contract.bytes)) }
  }

  func documentation(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in
      var response = Answer.text(DocsPage.html, type: "text/html; charset=utf-8")
      response.fields.append("Content-Security-Policy", DocsPage.policy)
      return Self.fixed(response)
    }
  }

  /// Only another version of the daemon says something else.
  private static func fixed(_ response: HTTPResponse) -> HTTPResponse {
    var response = response
    response.fields.append("X-Content-Type-Options", "nosniff")
    response.fields.append("Cache-Control", "no-cache")
    return response
  }
}
