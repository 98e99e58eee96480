import KinoraCore
import KinoraHTTP
import KinoraModel

/// Whose an API key is.
public struct KeyHolder: Sendable, Equatable {
  /// The key's id: `key:ID` is the principal.
  public var id: String
  /// The client that the keys file names for it, or nil.
  public var client: String?

  /// A holder.
  public init(id: String, client: String? = nil) {
    self.id = id
    self.client = client
  }
}

/// Turns a peer into a viewer.
struct Identity: Sendable {
  /// The daemon's own uid, which sees everything as uid 0 does.
  let ownUID: UInt32
  /// Whose an API key is, or nil for a key that is not known.
  let keys: @Sendable (String) -> KeyHolder?
  /// The clients in force.
  let clients: @Sendable () -> ClientTable

  /// The kernel's overflow uid: what a peer of a user namespace looks like when its uid has no
  /// meaning here (user_namespaces(7), /proc/sys/kernel/overflowuid). All such peers look alike, so
  /// none can own anything.
  static let overflowUID: UInt32 = 65_534

  /// Who asks. Throws `unauthenticated` for a missing or unknown key, `forbidden` for the overflow
  /// uid and for who belongs to no configured client. On the Unix socket the kernel's word counts and an Authorization field is not looked at:
  /// clients that insist on sending some key can.
  func viewer(_ request: HTTPRequest) throws(KinoraError) -> Viewer {
    switch request.peer {
    case .unix(let uid, let gid, _):
      guard uid != Self.overflowUID, uid != .max else {
        throw KinoraError(
          .forbidden, "your uid has no meaning on this host (user namespace without a mapping)")
      }
      return try clients().viewer(uid: uid, gid: gid, isRoot: uid == 0 || uid == ownUID)
    case .tcp:
      guard let key = Self.bearer(request.fields) ?? Self.googleKey(request.fields) else {
        throw KinoraError(
          .unauthenticated, "a key is needed: Authorization: Bearer KEY", field: "Authorization")
      }
      guard let holder = keys(key) else {
        throw KinoraError(.unauthenticated, "the key is not known", field: "Authorization")
      }
      return try clients().viewer(key: holder.id, own: holder.client)
    }
  }

  /// The key as Google's clients send it, or nil.
  static func googleKey(_ fields: HTTPFields) -> String? {
    let values = fields.values("x-goog-api-key")
    guard values.count == 1, !values[0].isEmpty, fields["authorization"] == nil else { return nil }
    return values[0]
  }

  /// The token of `Authorization: Bearer …` (RFC 6750 §2.1), or nil.
  static func bearer(_ fields: HTTPFields) -> String? {
    let values = fields.values("authorization")
    guard values.count == 1 else { return nil }
    let parts = values[0].split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer", !parts[1].isEmpty,
      parts[1].utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else { return nil }
    return String(parts[1])
  }
}
