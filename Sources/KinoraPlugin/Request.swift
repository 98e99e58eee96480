/// An HTTP request that the host sends.
public struct Request: Sendable, Equatable {
  /// Whether sending it twice costs money. There is no default: it is the one question that matters.
  public enum Cost: Sendable {
    /// Needs a permit, is sent at most once; the catalog's `paid_sends` says how many a job may have.
    case paid
    /// Twice costs nothing: uploads, polls, cancels. The host repeats it as it likes.
    case free
  }

  /// `GET`, `POST`, …
  public var method: String
  /// Absolute. Text of others goes in by ``Swift/String/percentEncoded``.
  public var url: String
  /// Fields.
  public var headers: Headers
  /// The body.
  public var body: Body
  /// Whether it costs money.
  public var cost: Cost
  /// A 2xx answer that is not JSON becomes the spool `out0`, the response's body stays empty.
  public var streamsToFile = false
  /// Each string over 4 KiB of a JSON answer becomes a spool, `""` stands in its place.
  public var liftsStrings = false
  /// The whole exchange, milliseconds; 0 for the host's default.
  public var timeout: UInt32 = 0
  /// Most bytes of the answer in memory; 0 for the host's default.
  public var maxBody: UInt32 = 0
  /// A word that comes back with the answer.
  public var tag = ""

  /// A request by its parts.
  public init(
    _ method: String, _ url: String, _ cost: Cost, headers: Headers = [:], body: Body = Body()
  ) {
    self.method = method
    self.url = url
    self.cost = cost
    self.headers = headers
    self.body = body
    if let type = body.contentType, headers["content-type"] == nil {
      self.headers.add("content-type", type)
    }
  }

  /// A GET, which is always free.
  public static func get(_ url: String, headers: Headers = [:]) -> Request {
    Request("GET", url, .free, headers: headers)
  }

  /// A POST with a body: `.json(…)`, `.input(…)`, `.multipart(…)`, `.text(…)` or none.
  public static func post(
    _ url: String, _ cost: Cost, headers: Headers = [:], body: Body = Body()
  ) -> Request {
    Request("POST", url, cost, headers: headers, body: body)
  }

  /// A POST with a JSON body, which may place inputs: ``JSON/base64(_:)``, ``JSON/dataURL(_:)``.
  public static func post(_ url: String, _ cost: Cost, headers: Headers = [:], json: JSON)
    -> Request
  {
    Request("POST", url, cost, headers: headers, body: .json(json))
  }

  /// A DELETE, free: what is gone stays gone.
  public static func delete(_ url: String, headers: Headers = [:]) -> Request {
    Request("DELETE", url, .free, headers: headers)
  }

  /// The same request with ``streamsToFile``.
  public func streamedToFile() -> Request {
    var request = self
    request.streamsToFile = true
    return request
  }

  /// The same request with ``liftsStrings``.
  public func liftingStrings() -> Request {
    var request = self
    request.liftsStrings = true
    return request
  }

  /// The same request with a limit in milliseconds for the whole exchange.
  public func timeout(_ milliseconds: UInt32) -> Request {
    var request = self
    request.timeout = milliseconds
    return request
  }
}

extension String {
  /// Safe as one path segment or query value: everything but RFC 3986 unreserved is escaped.
  public var percentEncoded: String {
    var text: [UInt8] = []
    for byte in utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: text.append(byte)
      default:
        text.append(UInt8(ascii: "%"))
        text.append(hexDigit(byte >> 4, upper: true))
        text.append(hexDigit(byte & 15, upper: true))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// One hexadecimal digit of 0…15.
func hexDigit(_ value: UInt8, upper: Bool = false) -> UInt8 {
  value < 10 ? 0x30 + value : (upper ? 0x41 : 0x61) + value - 10
}
