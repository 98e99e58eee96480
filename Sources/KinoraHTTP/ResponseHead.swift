/// Writes the head of an answer.
struct ResponseHead {
  /// How the end of the body is found.
  enum Framing {
    case length(Int64)
    case chunked
    /// Until the connection closes, as HTTP/1.0 has it.
    case close
    /// 204 and 304.
    case none
  }

  var status: Int
  var framing: Framing
  var closes: Bool
  /// The request was HTTP/1.0 and asked for keep-alive, so it must be told.
  var tellsKeepAlive: Bool

  /// Appends status line, fields and the empty line. `date` is a whole Date line.
  func write(_ fields: HTTPFields, date: [UInt8], to out: inout [UInt8]) {
    out += HTTPStatus.lines[(200..<600).contains(status) ? status : 500]
    out += date
    for (name, value) in fields.list {
      Self.append(name, to: &out)
      out.append(UInt8(ascii: ":"))
      out.append(UInt8(ascii: " "))
      Self.append(value, to: &out)
      out.append(0x0d)
      out.append(0x0a)
    }
    switch framing {
    case .length(let count):
      out += Self.contentLength
      Self.append(count, to: &out)
      out.append(0x0d)
      out.append(0x0a)
    case .chunked: out += Self.chunked
    case .close, .none: break
    }
    if closes {
      out += Self.close
    } else if tellsKeepAlive {
      out += Self.keepAlive
    } else {
      out.append(0x0d)
      out.append(0x0a)
    }
  }

  private static let contentLength = Array("Content-Length: ".utf8)
  private static let chunked = Array("Transfer-Encoding: chunked\r\n".utf8)
  private static let close = Array("Connection: close\r\n\r\n".utf8)
  private static let keepAlive = Array("Connection: keep-alive\r\n\r\n".utf8)

  /// Control bytes become blanks: no value can end its line, whoever made it.
  private static func append(_ text: String, to out: inout [UInt8]) {
    let copied: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
      if bytes.contains(where: isControl) {
        out += bytes.map { isControl($0) ? 0x20 : $0 }
      } else {
        out.append(contentsOf: bytes)
      }
    }
    if copied == nil { out += text.utf8.map { isControl($0) ? 0x20 : $0 } }
  }

  private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7f }

  /// Decimal digits.
  static func append(_ number: Int64, to out: inout [UInt8]) {
    if number >= 10 { append(number / 10, to: &out) }
    out.append(UInt8(ascii: "0") + UInt8(number % 10))
  }

  /// `1a0` and a line end, as a chunk begins.
  static func appendChunkSize(_ size: Int, to out: inout [UInt8]) {
    out += String(size, radix: 16).utf8
    out.append(0x0d)
    out.append(0x0a)
  }
}
