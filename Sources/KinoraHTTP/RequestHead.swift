/// A request's head as it was parsed, before any rule but the grammar was applied.
struct RequestHead {
  /// In capitals, as llhttp knows them.
  var method = ""
  /// Nil when it is none that HTTP knows.
  var target: RequestTarget?
  var targetBytes = 0
  /// Bytes of the request line with its end.
  var lineBytes = 0
  var major = 1
  var minor = 1
  var fields = HTTPFields()
  var marked = MarkedFields()
  /// Content-Length or chunked, and not a length of zero.
  var hasBody = false
  /// Declared bytes, 0 for chunked.
  var contentLength: UInt64 = 0
  /// What the version and the Connection field say.
  var keepAlive = true
}

/// The fields that the server itself acts on, found while the head is built.
struct MarkedFields {
  var hosts = 0
  var host = ""
  var expect: String?
  var origin: String?
  var fetchSite: String?
  var contentEncoding: String?
  var contentTypes = 0
  var transferEncodings = 0
  var transferEncoding = ""
  /// Range or one of the If- fields is there.
  var conditional = false

  /// Looks at one field. Names are told apart by length first: most fields cost one comparison.
  mutating func note(_ name: String, _ value: String) {
    switch name.utf8.count {
    case 4:
      guard name.equalsIgnoringCase("host") else { return }
      hosts += 1
      host = value
    case 5:
      if name.equalsIgnoringCase("range") { conditional = true }
    case 6:
      if name.equalsIgnoringCase("expect") { expect = value }
      if name.equalsIgnoringCase("origin") { origin = value }
    case 8:
      if name.equalsIgnoringCase("if-match") || name.equalsIgnoringCase("if-range") {
        conditional = true
      }
    case 12:
      if name.equalsIgnoringCase("content-type") { contentTypes += 1 }
    case 13:
      if name.equalsIgnoringCase("if-none-match") { conditional = true }
    case 14:
      if name.equalsIgnoringCase("sec-fetch-site") { fetchSite = value }
    case 16:
      if name.equalsIgnoringCase("content-encoding") { contentEncoding = value }
    case 19:
      if name.equalsIgnoringCase("if-unmodified-since") { conditional = true }
    case 17:
      if name.equalsIgnoringCase("if-modified-since") { conditional = true }
      guard name.equalsIgnoringCase("transfer-encoding") else { return }
      transferEncodings += 1
      transferEncoding = value
    default: break
    }
  }
}

/// Why the server answers a request itself.
struct HTTPProblem: Error, Equatable {
  let status: Int
  let reason: String

  init(_ status: Int, _ reason: String) {
    self.status = status
    self.reason = reason
  }
}
