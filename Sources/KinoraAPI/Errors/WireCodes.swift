import KinoraModel

/// Codes of facts that exist at the front door only.
extension KinoraError.Code {
  /// The request is no HTTP that is accepted here.
  static let malformedRequest = Self("malformed_request")
  /// Head or body came too slowly.
  static let requestTimeout = Self("request_timeout")
  /// `If-Match` does not hold.
  static let preconditionFailed = Self("precondition_failed")
  /// The request target is too long.
  static let uriTooLong = Self("uri_too_long")
  /// The body is neither JSON nor form data.
  static let unsupportedMediaType = Self("unsupported_media_type")
  /// The range lies outside of the file.
  static let rangeNotSatisfiable = Self("range_not_satisfiable")
  /// `Expect` names something else than `100-continue`.
  static let expectationFailed = Self("expectation_failed")
  /// The Host is not one that is served here.
  static let misdirectedRequest = Self("misdirected_request")
  /// Too many or too long header fields.
  static let headersTooLarge = Self("headers_too_large")
  /// The client's patience ended before the job did; the job goes on.
  static let pollTimeout = Self("poll_timeout")
  /// Neither HTTP/1.1 nor HTTP/1.0.
  static let versionNotSupported = Self("version_not_supported")
}
