/// Which requests a listener lets through to the service.
public struct HTTPListenerRules: Sendable {
  /// What an Origin field means. Browsers send it; a program that speaks to a local socket does not.
  public enum Origins: Sendable {
    /// Any Origin is 403: no page has business here.
    case refused
    /// Unsafe methods only from a page of the same origin, by Sec-Fetch-Site, or where that is
    /// missing by Origin against Host. The algorithm of Go's `http.CrossOriginProtection`.
    case same
    /// Not looked at.
    case any
  }

  /// Accepted hosts without port, in lower case; "" is a missing name, `[::1]` has its brackets. A
  /// request for another is 421, which is what keeps a rebound DNS name out. Nil: any.
  public var hosts: [String]?
  /// What is done about an Origin field.
  public var origins: Origins
  /// Other origins whose pages may speak to this listener and read its answers, as browsers write
  /// them: `http://localhost:3000`. They have no say where origins are refused.
  public var crossOrigins: Set<String> = []

  /// Rules by hand.
  public init(hosts: [String]?, origins: Origins) {
    self.hosts = hosts
    self.origins = origins
  }

  /// For a Unix socket: no host, `kinora` or loopback, any port, no Origin.
  public static let unix = HTTPListenerRules(
    hosts: ["", "kinora", "localhost", "127.0.0.1", "[::1]"], origins: .refused)
  /// For loopback TCP: loopback names, any port, pages of the same origin.
  public static let loopback = HTTPListenerRules(
    hosts: ["localhost", "127.0.0.1", "[::1]"], origins: .same)
  /// For a simulator behind any name.
  public static let open = HTTPListenerRules(hosts: nil, origins: .any)

  /// For loopback TCP with pages of these other origins.
  public static func loopback(crossOrigins: [String]) -> HTTPListenerRules {
    var rules = loopback
    rules.crossOrigins = Set(crossOrigins)
    return rules
  }

  /// The origin of these fields when its pages are to read the answer.
  func crossOrigin(_ fields: MarkedFields) -> String? {
    guard case .same = origins, let origin = fields.origin, crossOrigins.contains(origin) else {
      return nil
    }
    return origin
  }

  func allows(host: String) -> Bool { hosts?.contains(host) ?? true }

  /// Nil when the request may pass. `host` is the Host field as it was sent.
  func originProblem(method: String, fields: MarkedFields) -> HTTPProblem? {
    switch origins {
    case .any: return nil
    case .refused:
      if fields.origin == nil { return nil }
      return HTTPProblem(403, "requests with an Origin are not accepted here")
    case .same:
      if method == "GET" || method == "HEAD" || method == "OPTIONS" { return nil }
      if crossOrigin(fields) != nil { return nil }
      if let site = fields.fetchSite {
        if site == "same-origin" || site == "none" { return nil }
      } else {
        guard let origin = fields.origin else { return nil }
        let host = origin.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: true)
        if host.count == 2, host[1].dropFirst() == fields.host, !fields.host.isEmpty { return nil }
      }
      return HTTPProblem(403, "cross-origin request refused")
    }
  }
}
