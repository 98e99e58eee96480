public import KinoraModel

/// The configured clients: who is who, and what each may do.
///
/// Without a table every principal is its own client, may read and submit, and has the host's
/// limits. With one, a principal that matches no client is refused; uid 0 and the daemon's own uid
/// need no entry.
public final class ClientTable: Sendable {
  /// The clients in the order of the configuration; nil when none are configured.
  public let clients: [ClientRules]?
  /// Places of a client that has no rules of its own; 0 for no limit.
  public let usualConcurrency: Int
  private let byName: [String: ClientRules]
  private let byPrincipal: [String: ClientRules]

  /// Everybody is their own client.
  public static let none = ClientTable(nil, usualConcurrency: 0)

  /// A table; of two clients that name the same principal the first has it.
  public init(_ clients: [ClientRules]?, usualConcurrency: Int) {
    self.clients = clients
    self.usualConcurrency = usualConcurrency
    var byName: [String: ClientRules] = [:]
    var byPrincipal: [String: ClientRules] = [:]
    for client in clients ?? [] {
      byName[client.name] = client
      for principal in client.principals where byPrincipal[principal] == nil {
        byPrincipal[principal] = client
      }
    }
    self.byName = byName
    self.byPrincipal = byPrincipal
  }

  /// The rules of a client by its name.
  public func rules(_ client: String) -> ClientRules? { byName[client] }

  /// Jobs that a client may have with providers at once; 0 for no limit.
  public func concurrency(_ client: String) -> Int {
    byName[client]?.concurrency ?? usualConcurrency
  }

  /// A peer of the Unix socket. Its uid counts before its group. Throws `forbidden`, naming what to
  /// add to the configuration.
  public func viewer(uid: UInt32, gid: UInt32, isRoot: Bool) throws(KinoraError) -> Viewer {
    let principal = "uid:\(uid)"
    if clients == nil { return Viewer(principal: principal, client: principal, isAdmin: isRoot) }
    if let client = byPrincipal[principal] ?? byPrincipal["gid:\(gid)"] {
      var viewer = client.viewer(principal)
      if isRoot {
        viewer.isAdmin = true
        viewer.scopes = Set(ClientScope.allCases)
      }
      return viewer
    }
    if isRoot { return Viewer(principal: principal, client: principal, isAdmin: true) }
    throw Self.stranger("\(principal) (group gid:\(gid))", principal)
  }

  /// The holder of a key. `own` is the client that the keys file names for it. Throws `forbidden`.
  public func viewer(key id: String, own: String?) throws(KinoraError) -> Viewer {
    let principal = "key:\(id)"
    guard clients != nil else {
      return Viewer(principal: principal, client: own ?? principal, isAdmin: false)
    }
    if let client = byPrincipal[principal] ?? own.flatMap({ byName[$0] }) {
      return client.viewer(principal)
    }
    throw Self.stranger(principal, principal)
  }

  private static func stranger(_ who: String, _ principal: String) -> KinoraError {
    KinoraError(
      .forbidden,
      "\(who) belongs to no client: add \"\(principal)\" to clients.NAME.principals in the "
        + "configuration, then kinora reload")
  }
}
