/// What a request line aims at (RFC 9112 §3.2): a path, a whole URL, or `*`.
struct RequestTarget: Equatable {
  /// Still percent-encoded; begins with `/`, or is `*`.
  var path: String
  var query: String?
  /// Host and port of the absolute form.
  var authority: String?

  /// Nil for anything else, a fragment included.
  init?(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
    guard let first = bytes.first, !bytes.contains(UInt8(ascii: "#")) else { return nil }
    var rest = bytes
    if bytes.count == 1, first == UInt8(ascii: "*") {
      path = "*"
      return
    }
    if first != UInt8(ascii: "/") {
      guard let afterScheme = Self.afterScheme(bytes) else { return nil }
      let end = afterScheme.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
      rest = afterScheme[(end ?? afterScheme.endIndex)...]
      let name = afterScheme[..<rest.startIndex]
      guard !name.isEmpty else { return nil }
      authority = String(decoding: name, as: UTF8.self)
    }
    let mark = rest.firstIndex(of: UInt8(ascii: "?"))
    let bare = rest[..<(mark ?? rest.endIndex)]
    path = bare.isEmpty ? "/" : String(decoding: bare, as: UTF8.self)
    query = mark.map { String(decoding: rest[($0 + 1)...], as: UTF8.self) }
  }

  private static func afterScheme(
    _ bytes: Slice<UnsafeBufferPointer<UInt8>>
  ) -> Slice<UnsafeBufferPointer<UInt8>>? {
    for scheme in ["http://", "https://"] {
      let prefix = String(decoding: bytes.prefix(scheme.utf8.count), as: UTF8.self)
      if prefix.equalsIgnoringCase(scheme) { return bytes.dropFirst(scheme.utf8.count) }
    }
    return nil
  }
}

/// A Host field or the authority of a URL: host and port, told apart.
struct HostAndPort: Equatable {
  /// In lower case; `[::1]` keeps its brackets; may be empty.
  var host: String
  var port: String?

  /// Nil for userinfo, blanks, commas, a path, a zone, a port that is no number.
  init?(_ text: String) {
    var bytes = Array(text.utf8)[...]
    if let colon = bytes.lastIndex(of: UInt8(ascii: ":")), !bytes[colon...].contains(0x5d) {
      let digits = bytes[(colon + 1)...]
      guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
        return nil
      }
      port = String(decoding: digits, as: UTF8.self)
      bytes = bytes[..<colon]
    }
    if bytes.first == UInt8(ascii: "[") {
      guard bytes.count > 3, bytes.last == UInt8(ascii: "]"),
        bytes.dropFirst().dropLast().allSatisfy(Self.isAddress)
      else { return nil }
    } else if !bytes.allSatisfy(Self.isName) {
      return nil
    }
    host = String(decoding: bytes, as: UTF8.self).lowercased()
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
    default: false
    }
  }

  private static func isAddress(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x3a, 0x41...0x46, 0x61...0x66, UInt8(ascii: "."): true
    default: false
    }
  }
}
