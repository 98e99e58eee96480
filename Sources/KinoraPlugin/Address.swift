extension String {
  /// True for an id that stays where it is put in a path: not empty, no slash, not `.` or `..`.
  public var isPathSegment: Bool { !isEmpty && !contains("/") && self != "." && self != ".." }

  /// True for a path segment of ASCII letters, digits and `others`, which needs no escaping.
  public func isPlain(_ others: String) -> Bool {
    isPathSegment
      && utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: others.utf8.contains(byte)
        }
      }
  }

  /// The segments that the `*` of a pattern stand for, such as `models/*/operations/*`: each is plain but
  /// for `-._:`. Nil for a name of another form, which could lead a request elsewhere.
  public func segments(matching pattern: String) -> [String]? {
    let words = split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let wanted = pattern.split(separator: "/")
    guard words.count == wanted.count else { return nil }
    var found: [String] = []
    for (word, wish) in zip(words, wanted) {
      if wish == "*" {
        guard word.isPlain("-._:") else { return nil }
        found.append(word)
      } else if word != wish {
        return nil
      }
    }
    return found
  }

  /// True when it may stand in a request or a result as an address: visible ASCII without `"` and `\`,
  /// at most 16 KiB (signed addresses are long).
  var isAddressText: Bool {
    utf8.count <= 16 * 1024
      && utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c }
  }
}

extension Context {
  /// Scheme and authority of ``baseURL``, `https://api.example.com`: where credentials may go.
  public var origin: String {
    // Scheme, nothing, authority.
    baseURL.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
      .prefix(3).joined(separator: "/")
  }

  /// An address of the provider's own origin, made absolute; nil for any other and for what is no
  /// address. Only such a one may be asked with a credential.
  public func own(_ url: String) -> String? {
    guard url.isAddressText else { return nil }
    if url.hasPrefix("/"), !url.hasPrefix("//") { return origin + url }
    return url.hasPrefix(origin + "/") ? url : nil
  }

  /// True for an address that the host can fetch a result from: https anywhere, plain http only where
  /// the provider itself is spoken to so.
  public func isFetchable(_ url: String) -> Bool {
    guard url.isAddressText else { return false }
    return url.hasPrefix("https://")
      || (url.hasPrefix("http://") && baseURL.hasPrefix("http://"))
  }
}
