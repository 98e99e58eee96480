import KinoraModel

/// A request to the daemon.
struct Request {
  enum Body {
    case none
    case json(JSON)
    /// JSON text as it came.
    case text([UInt8])
    /// `multipart/form-data`; files are read from disk while they are sent.
    case form([FormPart])
  }

  var method = "GET"
  /// Path and query, escaped.
  var target: String
  var headers: [String] = []
  var body = Body.none
  /// The whole exchange ends after this many seconds; 0 is never.
  var timeout = 120

  static func get(_ target: String) -> Request { Request(target: target) }
  static func post(_ target: String, _ body: Body = .none) -> Request {
    Request(method: "POST", target: target, body: body)
  }
}

/// One part of a form.
struct FormPart {
  enum Content {
    case text(String)
    case file(path: String, mime: String)
  }
  var name: String
  var content: Content
}

/// An answer that was read to its end.
struct Answer {
  var status: Int
  var body: [UInt8]

  var isSuccess: Bool { (200..<300).contains(status) }

  /// The body as JSON; nil when it is not.
  var json: JSON? { try? JSON.parse(body) }
}

extension String {
  /// Escaped for a path or a query (RFC 3986: only unreserved bytes stay).
  var escaped: String {
    var text = ""
    for byte in utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
        text.unicodeScalars.append(UnicodeScalar(byte))
      default: text += "%" + [byte].hexadecimal.uppercased()
      }
    }
    return text
  }
}
