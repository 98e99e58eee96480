import KinoraHTTP
import KinoraModel

/// Makes answers.
enum Answer {
  /// 200 with JSON text.
  static func json(_ bytes: [UInt8]) -> HTTPResponse {
    HTTPResponse(
      status: 200, fields: ["Content-Type": "application/json"], body: .bytes(bytes))
  }

  /// 200 with a JSON value.
  static func json(_ value: JSON) -> HTTPResponse { json(value.bytes) }

  /// 200 with text.
  static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> HTTPResponse {
    HTTPResponse(status: 200, fields: ["Content-Type": type], body: .bytes(Array(text.utf8)))
  }

  /// An error, by the table.
  static func problem(
    _ error: KinoraError, requestID: String, place: ProblemBody.Place, others: [KinoraError] = []
  ) -> HTTPResponse {
    let row = ErrorTable.row(error.code)
    let body = ProblemBody(error: error, requestID: requestID, place: place, others: others)
    var response = HTTPResponse(
      status: row.status, fields: ["Content-Type": "application/problem+json"],
      body: .bytes(body.bytes))
    if let seconds = error.retryAfter ?? usualWait(row.status) {
      response.fields.append("Retry-After", String(seconds))
    }
    if row.status == 401 { response.fields.append("WWW-Authenticate", "Bearer") }
    if !row.mayRepeat { forbidRepeat(&response) }
    return response
  }

  /// Says when it is worth asking again about a job that is not over.
  static func pace(_ response: inout HTTPResponse, _ record: JobRecord) {
    guard !record.state.isOutwardlyOver, response.fields["Retry-After"] == nil else { return }
    response.fields.append("Retry-After", KinoraObject.pollAfter)
  }

  /// Tells the official OpenAI clients not to send the request again, which they otherwise do twice
  /// on 408, 409, 429 and 5xx.
  static func forbidRepeat(_ response: inout HTTPResponse) {
    response.fields.replace("x-should-retry", "false")
  }

  /// Seconds, for statuses that say that it will pass.
  private static func usualWait(_ status: Int) -> Int? {
    switch status {
    case 429: 10
    case 503: 2
    case 507: 60
    default: nil
    }
  }
}
