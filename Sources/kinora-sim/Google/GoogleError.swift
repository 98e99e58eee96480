import KinoraHTTP
import KinoraModel

/// Answers in the form of google.rpc.Status, as all Google front ends give them.
enum GoogleError {
  static func response(
    _ code: Int, _ status: String, _ message: String, details: [JSON] = []
  ) -> HTTPResponse {
    var error: JSON = [
      "code": JSON(code), "message": .string(message), "status": .string(status),
    ]
    if !details.isEmpty { error = error.setting("details", .array(details)) }
    return .json(code, ["error": error])
  }

  static func invalid(_ message: String) -> HTTPResponse {
    response(400, "INVALID_ARGUMENT", message)
  }

  static let badKey = response(
    400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
    details: [
      [
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
      ]
    ])

  static let noKey = response(
    403, "PERMISSION_DENIED",
    "Method doesn't allow unregistered callers (callers without established identity). "
      + "Please use API Key or other form of API consumer identity to call this API.")

  static let badToken = response(
    401, "UNAUTHENTICATED",
    "Request had invalid authentication credentials. Expected OAuth 2 access token, "
      + "login cookie or other valid authentication credential.")

  static let noScope = response(
    403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.",
    details: [
      [
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com",
      ]
    ])

  static func noModel(_ model: String, _ method: String) -> HTTPResponse {
    response(
      404, "NOT_FOUND",
      "models/\(model) is not found for API version v1beta, or is not supported for \(method).")
  }

  static func retired(_ model: String) -> HTTPResponse {
    response(
      404, "NOT_FOUND",
      "This model models/\(model) is no longer available. Please update your code to use a newer "
        + "model for the latest features and improvements.")
  }

  static func noFile(_ id: String) -> HTTPResponse {
    response(
      403, "PERMISSION_DENIED",
      "You do not have permission to access the File \(id) or it may not exist.")
  }

  /// The wait is told in the body, as a protobuf Duration.
  static func quota(retryAfter: Int64?) -> HTTPResponse {
    var details: [JSON] = [
      [
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [["quotaId": "GenerateRequestsPerMinutePerProjectPerModel"]],
      ]
    ]
    var message = "You exceeded your current quota, please check your plan and billing details."
    if let retryAfter {
      message += " Please retry in \(retryAfter)s."
      details.append([
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": .string("\(retryAfter)s"),
      ])
    }
    return response(429, "RESOURCE_EXHAUSTED", message, details: details)
  }

  static func general(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(401): badToken
    case .status(402):
      response(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.")
    case .status(403):
      response(403, "PERMISSION_DENIED", "Permission denied on resource project.")
    case .status(503):
      response(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
    case .status(502): .page(502, "<!DOCTYPE html><title>Error 502 (Server Error)</title>")
    case .status: response(500, "INTERNAL", "An internal error has occurred. Please retry.")
    case .rateLimited(let seconds): quota(retryAfter: seconds)
    case .retired(let model): retired(model)
    case .expired: noFile("requested")
    case .notFound(let what): response(404, "NOT_FOUND", "Requested entity \(what) was not found.")
    }
  }
}
