import KinoraModel

/// What curl's exit codes mean; the library and the program share them.
/// Source: https://curl.se/libcurl/c/libcurl-errors.html
enum CurlExit {
  static let abortedByCallback: Int32 = 42
  static let tooLarge: Int32 = 63

  /// Failures of sending. curl starts `time_pretransfer` only when its first write has returned, so
  /// with one of these a part of the request may be out although the timer shows zero.
  static let whileSending: Set<Int32> = [16, 55, 65, 92]

  /// The fact behind a code, for people.
  static func error(_ code: Int32, _ url: OutboundURL) -> KinoraError {
    let host = url.origin
    let what =
      switch code {
      case 5: "the proxy's name cannot be resolved"
      case 6: "the name cannot be resolved"
      case 7: "no connection"
      case 8: "the answer is not HTTP"
      case 16, 92: "HTTP/2 broke"
      case 18: "the answer was cut short"
      case 26: "the request's body could not be read"
      case 28: "no answer in time"
      case 35: "TLS failed"
      case 42: "ended by us"
      case 52: "closed without an answer"
      case 55, 56: "the connection broke"
      case 58, 59, 66, 77, 83: "TLS cannot be set up (curl \(code)); is ca_file a PEM file?"
      case 60: "the certificate is not trusted"
      case 63: "the answer is larger than allowed"
      case 97: "the proxy refused"
      default: "curl error \(code)"
      }
    return KinoraError(code == tooLarge ? .tooLarge : .providerUnavailable, "\(host): \(what)")
  }
}
