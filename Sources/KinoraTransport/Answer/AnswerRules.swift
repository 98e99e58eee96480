/// What becomes of an answer's body.
struct AnswerRules: Sendable {
  /// Most bytes in memory.
  var maxBody: Int
  /// Most bytes in files.
  var maxFile: Int64
  /// A 2xx answer that is not JSON goes to a file.
  var streamsToFile = false
  /// Long strings of a JSON answer go to files.
  var liftsStrings = false
  /// A 2xx answer goes to this file, whatever it is but HTML.
  var destination: String?
  /// The request's tag.
  var tag = ""
  /// A new path for a file.
  var spoolPath: @Sendable () -> String
  /// Letters that no sender can know.
  var nonce: String
}

/// What the first bytes and the content type of an answer say it is.
enum AnswerKind: Sendable, Equatable {
  case json
  case html
  case other

  /// Judges by the content type first; without one, or with a vague one, by the first bytes.
  init(contentType: String?, first bytes: some Sequence<UInt8>) {
    let type = (contentType ?? "").prefix { $0 != ";" }.lowercased()
      .filter { !$0.isWhitespace }
    let start = bytes.drop { [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].contains($0) }
      .prefix(16)
    let head = String(decoding: Array(start), as: UTF8.self).lowercased()
    if head.hasPrefix("<!doctype") || head.hasPrefix("<html") || head.hasPrefix("<head") {
      self = .html
    } else if type == "application/json" || type.hasSuffix("+json") || type == "text/json" {
      self = .json
    } else if type == "text/html" || type == "application/xhtml+xml" {
      self = .html
    } else if type.isEmpty || type == "text/plain",
      head.hasPrefix("{") || head.hasPrefix("[")
    {
      self = .json
    } else {
      self = .other
    }
  }
}
