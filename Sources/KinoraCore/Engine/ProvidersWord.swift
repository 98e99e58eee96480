import KinoraModel

// What an answer is worth as the provider's own word: a page of an edge in front of it is none.

extension PluginFailure {
  /// True where the provider itself said no, in words the plugin understood.
  var isProvidersWord: Bool {
    switch code {
    case .invalid, .unauthenticated, .refused, .exhausted, .notFound: true
    case .unavailable, .protocolBroken: false
    }
  }

  /// True where it judges the request itself, not who sent it or how often.
  var isAboutRequest: Bool { code == .invalid || code == .refused || code == .notFound }

  /// The error table's word for it.
  var errorCode: KinoraError.Code {
    switch code {
    case .invalid: .providerRefused
    case .unauthenticated: .providerUnauthenticated
    case .refused: .providerRefused
    case .exhausted: .providerExhausted
    case .notFound: .providerRefused
    case .unavailable: .providerUnavailable
    case .protocolBroken: .providerProtocol
    }
  }
}

extension ProviderResponse {
  /// An HTML page, by its type or by its first bytes.
  var isHTML: Bool {
    if field("content-type")?.lowercased().hasPrefix("text/html") == true { return true }
    let start = body.drop { $0 == 0x20 || (0x09...0x0d).contains($0) }.prefix(2)
    return start.count == 2 && start.first == UInt8(ascii: "<")
      && (start.last == UInt8(ascii: "!") || (start.last ?? 0) | 0x20 == UInt8(ascii: "h"))
  }

  /// A whole JSON object or array.
  var isJSON: Bool {
    guard let first = body.first(where: { $0 != 0x20 && !(0x09...0x0d).contains($0) }),
      first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    else { return false }
    return (try? JSON.parse(body)) != nil
  }
}
