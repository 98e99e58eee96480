import KinoraModel

extension SignRule {
  /// All that a derived credential is made from, read at one moment.
  struct Material: Sendable {
    fileprivate(set) var secrets: [String: Secret] = [:]
    /// Where the token is asked for, as it is written; nil for a token that is only signed.
    fileprivate(set) var endpoint: String?

    /// True when nothing has changed.
    func matches(_ other: Material) -> Bool {
      endpoint == other.endpoint && secrets.count == other.secrets.count
        && secrets.allSatisfy { name, secret in other.secrets[name]?.matches(secret) ?? false }
    }

    /// The same with another secret at a path.
    func with(_ secret: Secret, at path: String) -> Material {
      var copy = self
      copy.secrets[path] = secret
      return copy
    }

    /// A text with its placeholders filled.
    func fill(_ text: String) throws(KinoraError) -> String {
      try CredentialTemplate(text).filled(secrets)
    }
  }

  /// The credentials and members of credentials it cannot do without.
  var paths: Set<String> {
    func names(_ members: [JSONMember]) -> Set<String> {
      members.reduce(into: []) { $0.formUnion(CredentialTemplate($1.value.string ?? "").names) }
    }
    func names(_ fields: [(String, String)]) -> Set<String> {
      fields.reduce(into: []) { $0.formUnion(CredentialTemplate($1.1).names) }
    }
    switch kind {
    case .stored(let key): return [key]
    case .jwt(let rule): return names(rule.claims).union(names(rule.header)).union([rule.key])
    case .refresh(_, let fields, _): return names(fields)
    case .bearer(_, let rule, let fields):
      return names(rule.claims).union(names(rule.header)).union([rule.key]).union(names(fields))
    }
  }

  /// Reads everything. Throws `credentialMissing` naming the first that is not there.
  func material(_ store: CredentialStore) throws(KinoraError) -> Material {
    var found = Material()
    for path in paths.sorted() { found.secrets[path] = try store.value(path) }
    switch kind {
    case .jwt, .stored: break
    case .refresh(let endpoint, _, _), .bearer(let endpoint, _, _):
      found.endpoint = endpoint.usual
      // A file without the member means the usual one.
      if let member = endpoint.member, let text = try? store.value(member).reveal() {
        guard Self.isEndpoint(text) else {
          throw KinoraError(
            .credentialMissing, "credential \(member) must be an https address",
            allowed: [endpoint.usual])
        }
        found.endpoint = text
      }
    }
    return found
  }
}

extension [SignRule] {
  /// The first alternative whose credentials can all be read. When there is none, the error of the
  /// first that is configured, else the credentials of which one is needed.
  func usable(
    _ name: String, _ store: CredentialStore
  ) throws(KinoraError) -> (SignRule, SignRule.Material) {
    var reason: KinoraError?
    for rule in self {
      do throws(KinoraError) {
        return (rule, try rule.material(store))
      } catch {
        let isMeant = rule.paths.allSatisfy { path in
          store.isConfigured(path) || store.isConfigured(String(path.prefix { $0 != "." }))
        }
        if isMeant, reason == nil { reason = error }
      }
    }
    if let reason { throw reason }
    var needed: [String] = []
    for path in flatMap({ $0.paths.sorted() }) {
      let base = String(path.prefix { $0 != "." })
      if !needed.contains(base) { needed.append(base) }
    }
    throw store.missing(needed.joined(separator: count > 1 ? " or " : ", "), "is not configured")
  }
}
