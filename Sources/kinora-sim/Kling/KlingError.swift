import KinoraHTTP
import KinoraModel

/// The envelope of all answers: `{"code","message","request_id","data"?}`. The code tells what is wrong,
/// the status only roughly.
enum KlingError {
  static func fine(_ data: JSON) -> HTTPResponse {
    .json(
      200,
      [
        "code": 0, "message": "SUCCEED", "request_id": "CjMT7WdSwWcAAAAAALvB3g", "data": data,
      ])
  }

  static func problem(_ status: Int, _ code: Int, _ message: String) -> HTTPResponse {
    .json(
      status,
      [
        "code": JSON(code), "message": .string(message),
        "request_id": "9984d27b-bd45-4e2f-9c80-3c6b1d6c2f11",
      ])
  }

  /// The content network's word for a signature that is over.
  static let gone = HTTPResponse(
    status: 403, fields: HTTPFields(["Content-Type": "application/xml"]),
    body: .bytes(Array("<Error><Code>AccessDenied</Code></Error>".utf8)))

  static func general(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(401): return problem(401, 1002, "Authorization is invalid")
    // An empty account is told with 429.
    case .status(402): return problem(429, 1102, "Resource pack depleted or expired")
    case .status(403): return problem(403, 1103, "Unauthorized access to requested resource")
    case .status(502): return .page(502, "<html><body><h1>502 Bad Gateway</h1></body></html>")
    case .status(503): return problem(503, 5001, "Server temporarily unavailable")
    case .status: return problem(500, 5000, "Internal server error")
    case .rateLimited(let seconds):
      let response = problem(429, 1303, "parallel task over resource pack limit")
      return seconds.map { response.with("Retry-After", String($0)) } ?? response
    case .retired(let model):
      return problem(404, 1203, "The requested model \(model) is no longer available")
    case .expired: return gone
    case .notFound: return problem(404, 1203, "The requested resource does not exist")
    }
  }
}
