package import KinoraModel

/// The one place where a fact becomes an HTTP status, a title and a word of the OpenAI dialect.
/// docs/errors.md is this table for people, with the exit statuses of the command line.
package enum ErrorTable {
  /// One code's row.
  package struct Row: Sendable {
    /// The HTTP status.
    package var status: Int
    /// What the code means, the same for every occurrence (RFC 9457 §3.1.3).
    package var title: String
    /// False where a repeat cannot help, although the status alone would make the official OpenAI
    /// clients send it again (they repeat 408, 409, 429 and 5xx unless `x-should-retry` says no).
    package var mayRepeat: Bool

    init(_ status: Int, _ title: String, mayRepeat: Bool = true) {
      self.status = status
      self.title = title
      self.mayRepeat = mayRepeat
    }

    /// `error.type` of the OpenAI dialect.
    var type: String {
      switch status {
      case 401: "authentication_error"
      case 402: "billing_error"
      case 403: "permission_error"
      case 429: "rate_limit_error"
      case 500...: "server_error"
      default: "invalid_request_error"
      }
    }
  }

  /// The row of a code; a code that nobody put here is a bug and says so.
  static func row(_ code: KinoraError.Code) -> Row { rows[code] ?? bug }

  private static let bug = Row(500, "Something went wrong inside", mayRepeat: false)

  /// All codes that can reach a client, as an answer or as a job's error.
  package static let rows: [KinoraError.Code: Row] = [
    // What a client sent.
    .malformedBody: Row(400, "The body cannot be read"),
    .malformedRequest: Row(400, "The request cannot be read"),
    .badField: Row(400, "A field has a wrong value"),
    .unknownField: Row(400, "A field is not known"),
    .promptMissing: Row(400, "A prompt is needed"),
    .modelUnknown: Row(400, "There is no such model"),
    .modelUnpriced: Row(400, "The model has no known price"),
    .credentialMissing: Row(400, "The provider has no credential"),
    .badMedia: Row(400, "The input is not a medium that can be used"),
    .urlRefused: Row(400, "The URL may not be fetched"),
    .contentBlocked: Row(400, "The provider refused the content"),
    .configuration: Row(400, "The configuration has errors"),
    .unauthenticated: Row(401, "A valid key is needed"),
    .maxCostExceeded: Row(402, "This costs more than max_cost_usd"),
    .budgetExceeded: Row(402, "The budget does not allow it"),
    .modelNotConfigured: Row(400, "The tenant has no model"),
    .providerNoVideo: Row(400, "The model makes no videos"),
    .forbidden: Row(403, "You may not do this"),
    .videoDisabled: Row(403, "Videos are switched off"),
    .notFound: Row(404, "There is no such thing"),
    .methodNotAllowed: Row(405, "The method does not fit the path"),
    .requestTimeout: Row(408, "The request came too slowly"),
    .wrongState: Row(409, "The job's state does not allow it", mayRepeat: false),
    .notReady: Row(409, "The file is not there yet", mayRepeat: false),
    .heldForReview: Row(409, "The job may have been charged", mayRepeat: false),
    .cancelled: Row(409, "The job was cancelled", mayRepeat: false),
    .expired: Row(409, "The job passed its deadline", mayRepeat: false),
    .artifactExpired: Row(410, "The file was removed"),
    .modelRetired: Row(410, "The model was shut down"),
    .preconditionFailed: Row(412, "A condition does not hold"),
    .tooLarge: Row(413, "Something is too large"),
    .uriTooLong: Row(414, "The request target is too long"),
    .unsupportedMediaType: Row(415, "The body's type is not accepted"),
    .rangeNotSatisfiable: Row(416, "The range lies outside of the file"),
    .expectationFailed: Row(417, "The expectation cannot be met"),
    .misdirectedRequest: Row(421, "This host is not served here"),
    .idempotencyConflict: Row(422, "The Idempotency-Key belongs to another request"),
    .queueFull: Row(429, "Too many jobs wait"),
    .quotaExceeded: Row(429, "The quota is used up", mayRepeat: false),
    .headersTooLarge: Row(431, "The header fields are too large"),
    // What happened here.
    .internalError: Row(500, "Something went wrong inside", mayRepeat: false),
    .storeFailed: Row(500, "The store failed", mayRepeat: false),
    .notSupported: Row(501, "This does not exist here", mayRepeat: false),
    .draining: Row(503, "The daemon is stopping"),
    .unavailable: Row(503, "A part does not work now"),
    .pollTimeout: Row(504, "The job takes longer than the client waits", mayRepeat: false),
    .versionNotSupported: Row(505, "The HTTP version is not spoken here", mayRepeat: false),
    .storageFull: Row(507, "The disk is full"),
    // What happened at a provider.
    .edgeBlocked: Row(502, "Something in front of the provider answered", mayRepeat: false),
    .providerProtocol: Row(502, "The provider's answer is not understood", mayRepeat: false),
    .providerRefused: Row(502, "The provider refused", mayRepeat: false),
    .providerExhausted: Row(502, "The provider's account is used up", mayRepeat: false),
    .providerUnauthenticated: Row(502, "The provider refused the credential", mayRepeat: false),
    .assetUnusable: Row(502, "The provider's file cannot be used", mayRepeat: false),
    .pluginFault: Row(502, "A plugin broke its contract", mayRepeat: false),
    .providerUnavailable: Row(503, "The provider cannot be reached"),
  ]

  /// The code for an answer that the HTTP server itself gives.
  static func code(status: Int) -> KinoraError.Code {
    switch status {
    case 403: .forbidden
    case 404: .notFound
    case 405: .methodNotAllowed
    case 408: .requestTimeout
    case 412: .preconditionFailed
    case 413: .tooLarge
    case 414: .uriTooLong
    case 415: .unsupportedMediaType
    case 416: .rangeNotSatisfiable
    case 417: .expectationFailed
    case 421: .misdirectedRequest
    case 431: .headersTooLarge
    case 501: .notSupported
    case 503: .unavailable
    case 505: .versionNotSupported
    case 500...: .internalError
    default: .malformedRequest
    }
  }
}
