import KinoraModel

extension Configuration {
  private enum TransportWord: String, CaseIterable { case auto, urlsession, curl, libcurl }

  mutating func readProvider(_ name: String, _ section: SectionReader) {
    let letters = name.utf8.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
    }
    if !letters || name.isEmpty || name.utf8.count > 40 {
      section.errors.add(
        section.place,
        "provider name \(name) must be lower-case letters, digits and '-', at most 40")
    }
    var settings = ProviderSettings(
      name: name, plugin: section.string("plugin") ?? name,
      baseURL: section.string("base_url") ?? "")
    while settings.baseURL.hasSuffix("/") { settings.baseURL.removeLast() }
    switch section.word("transport", TransportWord.self) {
    case .urlsession: settings.transport = .urlsession
    case .curl: settings.transport = .curl
    case .libcurl: settings.transport = .libcurl
    case .auto, nil: settings.transport = nil
    }
    if let credentials = section.section("credentials") {
      for (credential, source) in credentials.sections() {
        settings.credentials[credential] = Self.source(source)
      }
    }
    settings.maxConcurrent = section.int("max_concurrent", 0...100_000) ?? 0
    settings.caFile = section.string("ca_file")
    settings.proxy = section.string("proxy")
    settings.assumeCost = section.money("assume_usd")
    settings.allowsPrivate = section.bool("allow_private") ?? false
    settings.pollSpeed = section.double("poll_speed", 1...1000) ?? 1
    settings.maxAnswerBytes = section.bytes("max_answer").map(Int.init)
    settings.maxAssetBytes = section.bytes("max_asset")
    settings.isEnabled = section.bool("enabled") ?? true
    settings.options = Self.options(section)
    settings.models = section.json("models")
    check(settings, section)
    section.finish()
    providerPlaces[name] = section.place
    providers.append(settings)
  }

  private func check(_ settings: ProviderSettings, _ section: SectionReader) {
    if settings.transport == .urlsession, settings.caFile != nil || settings.proxy != nil {
      section.error(
        "transport",
        "urlsession can do neither ca_file nor proxy on Linux: write libcurl, curl or auto")
    }
    guard !settings.baseURL.isEmpty else {
      if settings.pollSpeed != 1 {
        section.error("poll_speed", "is for sandboxes: base_url must be a loopback address")
      }
      return
    }
    guard let (scheme, host) = Self.origin(settings.baseURL) else {
      return section.error("base_url", "must be an absolute https address")
    }
    let isLoopback = host == "localhost" || host == "[::1]" || host.hasPrefix("127.")
    if settings.pollSpeed != 1, !isLoopback {
      section.error("poll_speed", "is for sandboxes: base_url must be a loopback address")
    }
    if scheme == "http" || isLoopback, !settings.allowsPrivate {
      section.error(
        "base_url", "a plain-http or private address needs allow_private: true beside it")
    }
  }

  /// Scheme and host of an absolute http or https URL without user information.
  static func origin(_ url: String) -> (scheme: String, host: String)? {
    let scheme: String
    if url.hasPrefix("https://") {
      scheme = "https"
    } else if url.hasPrefix("http://") {
      scheme = "http"
    } else {
      return nil
    }
    let authority = url.dropFirst(scheme.count + 3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.isEmpty, !authority.contains("@"), !authority.contains(" ") else { return nil }
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      return (scheme, String(authority[...end]))
    }
    let host = authority.split(separator: ":", omittingEmptySubsequences: false)
    guard host.count <= 2, !host[0].isEmpty, host.count == 1 || UInt16(host[1]) != nil else {
      return nil
    }
    return (scheme, host[0].lowercased())
  }

  private static func source(_ section: SectionReader) -> ProviderSettings.CredentialSource? {
    let file = section.string("file")
    let systemd = section.string("systemd")
    let environment = section.string("env")
    let folder = section.string("folder")
    let match = section.string("match")
    section.finish()
    let given = [file, systemd, environment, folder].compactMap { $0 }
    guard given.count == 1 else {
      section.errors.add(
        section.place, "\(section.path): write one of file, folder, systemd or env")
      return nil
    }
    if match?.contains("/") == true || (match != nil && folder == nil) {
      section.error("match", "goes with folder, and is the pattern of a file's name")
    }
    if let folder { return .folder(folder, match: match ?? "*.json") }
    if let file { return .file(file) }
    if let systemd { return .systemd(systemd) }
    return environment.map { .environment($0) }
  }
}
