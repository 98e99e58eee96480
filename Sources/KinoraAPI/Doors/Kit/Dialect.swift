import KinoraHTTP
import KinoraModel

/// How a front door words an error. Statuses and facts are those of the one table; a door changes the
/// words around them, nothing else.
struct Dialect: Sendable {
  /// The answer for an error of a request with this id.
  var problem: @Sendable (_ error: KinoraError, _ requestID: String) -> HTTPResponse

  /// A dialect whose error body is JSON. `body` gets the error, its status and the request's id.
  static func json(
    _ body: @escaping @Sendable (_ error: KinoraError, _ status: Int, _ requestID: String) -> JSON
  ) -> Dialect {
    Dialect { error, requestID in
      var response = Answer.problem(error, requestID: requestID, place: .body)
      response.fields.replace("Content-Type", "application/json")
      response.body = .bytes(body(error, response.status, requestID).bytes)
      return response
    }
  }
}
