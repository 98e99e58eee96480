public import KinoraModel

/// Where one provider's requests may go.
public struct Egress: Sendable {
  /// The configured base address.
  public let base: OutboundURL
  private let exact: Set<OutboundHost>
  private let suffixes: [String]
  /// `*`: results may lie on any public host.
  private let takesResultsAnywhere: Bool
  private let allowsPrivate: Bool
  private let hasProxy: Bool

  /// From a provider's settings and its catalog's hosts. Throws `configuration` naming the base
  /// address or the host that cannot be read.
  public init(settings: ProviderSettings, hosts: [String]) throws(KinoraError) {
    do throws(KinoraError) {
      base = try OutboundURL(settings.baseURL)
    } catch {
      throw KinoraError(
        .configuration, "providers.\(settings.name).base_url: \(error.message)",
        field: "providers.\(settings.name).base_url", allowed: ["https://host/path"])
    }
    guard base.scheme == "https" || base.host.isLoopback || settings.allowsPrivate else {
      throw KinoraError(
        .configuration,
        "providers.\(settings.name).base_url: plain http needs a loopback host or allow_private",
        field: "providers.\(settings.name).base_url", allowed: ["https://…", "http://127.0.0.1:…"])
    }
    var exact: Set<OutboundHost> = []
    var suffixes: [String] = []
    takesResultsAnywhere = hosts.contains("*")
    for host in hosts where host != "*" {
      do throws(KinoraError) {
        if host.hasPrefix("*.") {
          suffixes.append("." + (try OutboundHost(String(host.dropFirst(2))).urlText))
        } else {
          exact.insert(try OutboundHost(host))
        }
      } catch {
        throw KinoraError(
          .configuration, "the catalog's host \(host): \(error.message)", field: "catalog.hosts")
      }
    }
    self.exact = exact
    self.suffixes = suffixes
    allowsPrivate = settings.allowsPrivate
    hasProxy = settings.proxy != nil
  }

  /// Throws `urlRefused`, naming the host and what would be allowed, when a request may not go there.
  /// A download may go further than others where the catalog says `*`; it is then to be `.publicOnly`.
  public func check(_ url: OutboundURL, isDownload: Bool = false) throws(KinoraError) {
    if url.hasSameOrigin(as: base) { return }
    guard isListed(url.host) || (isDownload && takesResultsAnywhere) else {
      throw KinoraError(
        .urlRefused, "\(url.origin) is neither the provider's base address nor in its catalog",
        allowed: [base.origin] + exact.map(\.urlText).sorted() + suffixes.map { "*" + $0 }.sorted())
    }
    guard url.scheme == "https" || allowsPrivate else {
      throw KinoraError(.urlRefused, "\(url.origin): only https may be spoken", allowed: ["https"])
    }
    guard url.scheme == "http" || url.port == 443 || allowsPrivate else {
      throw KinoraError(.urlRefused, "\(url.origin): only port 443 is allowed", allowed: ["443"])
    }
  }

  /// True where a download may carry the provider's credentials: the base address's origin or a host
  /// that the catalog names in full.
  public func isOwn(_ url: OutboundURL) -> Bool {
    url.hasSameOrigin(as: base)
      || (exact.contains(url.host) && url.scheme == "https" && url.port == 443)
  }

  /// False where a download goes only because of `*`: its peer's address is looked at then.
  func isNamed(_ url: OutboundURL) -> Bool { url.hasSameOrigin(as: base) || isListed(url.host) }

  /// Which addresses a connection to `url` may lead to.
  func peerRule(_ url: OutboundURL) -> PeerRule {
    if allowsPrivate || hasProxy { return .any }
    return url.hasSameOrigin(as: base) && base.host.isLoopback ? .loopbackOnly : .publicOnly
  }

  private func isListed(_ host: OutboundHost) -> Bool {
    if exact.contains(host) { return true }
    guard case .name(let name) = host else { return false }
    return suffixes.contains { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }
  }
}
