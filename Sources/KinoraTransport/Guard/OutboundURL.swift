public import KinoraModel

/// An http or https address that we are willing to put on a wire.
///
/// Parsed once, strictly, and written anew from its parts: what is sent is what was checked, and no
/// second parser sees another host. The query may hold a credential; errors and evidence show
/// `display`, which has none.
public struct OutboundURL: Sendable, Equatable {
  /// Longest text that is read, in bytes; a signed asset address is about 2 KiB.
  public static let longest = 16 * 1024

  /// `https` or `http`.
  public let scheme: String
  /// The host in its one spelling.
  public let host: OutboundHost
  /// The port, also when it is the scheme's own.
  public let port: UInt16
  /// Percent-encoded, begins with `/`.
  public let path: String
  /// Percent-encoded, without `?`; nil for none.
  public let query: String?

  /// Reads an absolute address. A fragment is dropped.
  ///
  /// Throws `urlRefused` for userinfo, spaces, control characters, backslashes, a host that is no
  /// host, a port out of range, a broken percent escape, or another scheme than http and https.
  public init(_ text: String) throws(KinoraError) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.longest else {
      throw Self.refusal("the address is longer than \(Self.longest) bytes")
    }
    guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else {
      throw Self.refusal("the address holds a space or a control character")
    }
    guard !bytes.contains(UInt8(ascii: "\\")) else {
      throw Self.refusal("the address holds a backslash")
    }
    let (scheme, rest) = try Self.scheme(bytes.prefix { $0 != UInt8(ascii: "#") })
    let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    let (host, port) = try Self.authority(authority, scheme)
    let tail = rest[authority.endIndex...]
    let path = tail.prefix { $0 != UInt8(ascii: "?") }
    let query = path.endIndex < tail.endIndex ? tail[(path.endIndex + 1)...] : nil
    self.scheme = scheme
    self.host = host
    self.port = port
    let encoded = try PercentCoding.encode(path, .path)
    self.path = encoded.isEmpty ? "/" : encoded
    self.query = try query.map { (part) throws(KinoraError) in
      try PercentCoding.encode(part, .query)
    }
  }

  init(_ base: OutboundURL, path: String, query: String?) throws(KinoraError) {
    (scheme, host, port) = (base.scheme, base.host, base.port)
    self.path = try PercentCoding.encode(path.utf8[...], .path)
    self.query = try query.map { (part) throws(KinoraError) in
      try PercentCoding.encode(part.utf8[...], .query)
    }
  }

  /// The whole address, query included: for the wire only.
  public var text: String { display + (query.map { "?" + $0 } ?? "") }

  /// The address without its query, for people.
  public var display: String { origin + path }

  /// `https://host` with the port when it is not the scheme's own.
  public var origin: String {
    let own = scheme == "https" ? 443 : 80
    return "\(scheme)://\(host.urlText)" + (Int(port) == own ? "" : ":\(port)")
  }

  /// True for an address of the same scheme, host and port.
  public func hasSameOrigin(as other: OutboundURL) -> Bool {
    scheme == other.scheme && host == other.host && port == other.port
  }

  /// What a `Location` field means here (RFC 3986 §5.2): absolute, or relative to this address.
  public func resolving(_ location: String) throws(KinoraError) -> OutboundURL {
    let text = location.prefix { $0 != "#" }
    if text.contains("://"), let first = text.first, first.isLetter {
      let scheme = text.prefix { $0 != ":" }
      if scheme.allSatisfy({ $0.isLetter || $0.isNumber }) { return try OutboundURL(String(text)) }
    }
    if text.hasPrefix("//") { return try OutboundURL(scheme + ":" + text) }
    guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "\\") })
    else { throw Self.refusal("the redirect holds a space, a control character or a backslash") }
    let relative = text.prefix { $0 != "?" }
    let newQuery =
      relative.endIndex < text.endIndex
      ? String(text[text.index(after: relative.endIndex)...]) : nil
    if relative.isEmpty {
      return try OutboundURL(self, path: path, query: newQuery ?? query)
    }
    guard !relative.prefix(while: { $0 != "/" }).contains(":") else {
      throw Self.refusal("the redirect leads to another scheme than http and https")
    }
    let folder = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex) + "/"
    let merged = relative.hasPrefix("/") ? String(relative) : String(folder + relative)
    return try OutboundURL(self, path: Self.withoutDots(merged), query: newQuery)
  }

  private static func withoutDots(_ path: String) -> String {
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for (i, segment) in segments.enumerated() {
      let isLast = i == segments.count - 1
      switch segment {
      case ".": if isLast { kept.append("") }
      case "..":
        _ = kept.popLast()
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return "/" + kept.joined(separator: "/")
  }

  private static func scheme(_ bytes: ArraySlice<UInt8>) throws(KinoraError)
    -> (String, ArraySlice<UInt8>)
  {
    for scheme in ["https", "http"] {
      let head = Array("\(scheme)://".utf8)
      if bytes.count > head.count, zip(bytes, head).allSatisfy({ ($0 | 0x20) == ($1 | 0x20) }) {
        return (scheme, bytes.dropFirst(head.count))
      }
    }
    throw refusal("the address does not begin with https:// or http://")
  }

  private static func authority(_ bytes: ArraySlice<UInt8>, _ scheme: String) throws(KinoraError)
    -> (OutboundHost, UInt16)
  {
    guard !bytes.contains(UInt8(ascii: "@")) else {
      throw refusal("the address holds a user name or password")
    }
    let end =
      bytes.first == UInt8(ascii: "[")
      ? bytes.firstIndex(of: UInt8(ascii: "]")).map { $0 + 1 } ?? bytes.endIndex
      : bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
    let host = try OutboundHost(String(decoding: bytes[..<end], as: UTF8.self))
    let rest = bytes[end...]
    guard let colon = rest.first else { return (host, scheme == "https" ? 443 : 80) }
    let digits = rest.dropFirst()
    guard colon == UInt8(ascii: ":"), digits.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0
    else { throw refusal("the port is not a number from 1 to 65535") }
    return (host, port)
  }

  static func refusal(_ why: String) -> KinoraError { KinoraError(.urlRefused, why) }
}
