/// Reads `listen.tcp.cors_origins`.
extension Configuration {
  /// The origins, each as a browser writes it; an error for every other text.
  static func origins(_ section: SectionReader) -> [String] {
    let origins = section.strings("cors_origins") ?? []
    for origin in origins where !isOrigin(origin) {
      section.error(
        "cors_origins",
        "\(origin) must be one page's origin as browsers write it, such as http://localhost:3000")
    }
    return origins
  }

  /// `scheme://host` or `scheme://host:port` in lower case, without the scheme's own port and without
  /// a path; never `*` or `null`, which would be everybody.
  private static func isOrigin(_ text: String) -> Bool {
    for (scheme, usual) in [("http://", ":80"), ("https://", ":443")] where text.hasPrefix(scheme) {
      let rest = text.dropFirst(scheme.count)
      let host = rest.prefix { $0 != ":" || rest.hasPrefix("[") }
      guard !host.isEmpty, !rest.hasSuffix(usual) else { return false }
      let signs = Array("-._:[]".utf8)
      return rest.utf8.allSatisfy { byte in
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || signs.contains(byte)
      }
    }
    return false
  }
}
