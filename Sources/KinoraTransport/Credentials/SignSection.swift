import KinoraModel

/// One derived credential, as a catalog's section `kinora.sign/1` declares it.
///
/// ```json
/// "kinora.sign/1": {
///   "token": {"type":"jwt", "alg":"HS256", "key":"secret_key", "life_s":1800,
///             "claims":{"iss":"{{credential:access_key}}"}},
///   "access": {"type":"oauth_refresh", "endpoint":"https://auth.example.com/token",
///              "fields":{"client_id":"{{credential:client_id}}",
///                        "refresh_token":"{{credential:refresh_token}}"}},
///   "service": {"type":"oauth_jwt_bearer", "endpoint":"https://auth.example.com/token",
///               "endpoint_from":"account.token_uri", "alg":"RS256", "key":"account.private_key",
///               "claims":{"iss":"{{credential:account.client_email}}"}},
///   "either": [{"type":"jwt", …}, {"type":"stored", "key":"api_key"}]
/// }
/// ```
/// `key` names a credential; claims, header and fields may hold placeholders. `NAME.member` is a
/// string inside of a credential that is a JSON file. `endpoint_from` is a member that may name
/// another endpoint than `endpoint`. `keeps` is the object of a login's file that has the access token
/// and its end: a login of a folder is used until shortly before that, and written back when renewed. `iat`, `exp` and `nbf` are the host's, and `aud` is the endpoint
/// where the claims name none. An array of rules are alternatives: the first one counts whose
/// credentials can all be read; `stored` is a stored credential as it is, the way out of an array.
struct SignRule: Sendable {
  enum Kind: Sendable {
    case jwt(JWTRule)
    /// A stored credential, by its name.
    case stored(String)
    /// RFC 6749 §6. `keeps` is where a login's file has the tokens, when it is one of a folder.
    case refresh(Endpoint, fields: [(String, String)], keeps: String?)
    /// RFC 7523 §2.1.
    case bearer(Endpoint, JWTRule, fields: [(String, String)])
  }
  struct Endpoint: Sendable {
    var usual: String
    /// Path of a member of a credential that may hold another one.
    var member: String?
  }
  struct JWTRule: Sendable {
    var algorithm: JWT.Algorithm
    var key: String
    var header: [JSONMember]
    var claims: [JSONMember]
    var lifeSeconds: Int64
  }
  let kind: Kind

  /// The alternatives by the names that they make. Throws `configuration` with the member's path as
  /// field.
  static func read(
    _ section: JSON, declared: Set<String>
  ) throws(KinoraError) -> [String: [SignRule]] {
    guard let members = section.members else { throw wrong("", "must be an object") }
    var rules: [String: [SignRule]] = [:]
    for member in members {
      guard !declared.contains(member.key) else {
        throw wrong(member.key, "is a stored credential already")
      }
      var list: [SignRule] = []
      for json in member.value.array ?? [member.value] {
        list.append(try rule(member.key, json, declared))
      }
      guard !list.isEmpty else { throw wrong(member.key, "needs a rule") }
      rules[member.key] = list
    }
    return rules
  }

  private static func rule(
    _ name: String, _ json: JSON, _ declared: Set<String>
  ) throws(KinoraError) -> SignRule {
    let known = [
      "stored": ["type", "key"], "jwt": ["type", "alg", "key", "header", "claims", "life_s"],
      "oauth_refresh": ["type", "endpoint", "endpoint_from", "fields", "keeps"],
      "oauth_jwt_bearer": [
        "type", "endpoint", "endpoint_from", "fields", "alg", "key", "header", "claims", "life_s",
      ],
    ]
    guard let type = json["type"]?.string, let keys = known[type] else {
      throw wrong("\(name).type", "is not known here", known.keys.sorted())
    }
    for member in json.members ?? [] where !keys.contains(member.key) {
      throw wrong("\(name).\(member.key)", "is not known here", keys)
    }
    switch type {
    case "stored": return SignRule(kind: .stored(try key(name, json, declared)))
    case "jwt": return SignRule(kind: .jwt(try token(name, json, declared)))
    case "oauth_refresh":
      return SignRule(
        kind: .refresh(
          try endpoint(name, json, declared), fields: try fields(name, json, declared),
          keeps: try keeps(name, json, declared)))
    default:
      return SignRule(
        kind: .bearer(
          try endpoint(name, json, declared), try token(name, json, declared),
          fields: try fields(name, json, declared)))
    }
  }

  private static func token(
    _ name: String, _ json: JSON, _ declared: Set<String>
  ) throws(KinoraError) -> JWTRule {
    let allowed = JWT.Algorithm.allCases.map(\.rawValue)
    guard let algorithm = json["alg"]?.string.flatMap(JWT.Algorithm.init) else {
      throw wrong("\(name).alg", "is not known here", allowed)
    }
    let key = try key(name, json, declared)
    let life = json["life_s"]?.integer ?? 1800
    guard (60...86_400).contains(life) else {
      throw wrong("\(name).life_s", "must be from 60 to 86400")
    }
    for part in ["header", "claims"] {
      for member in json[part]?.members ?? [] {
        try check("\(name).\(part).\(member.key)", member.value.string, declared)
      }
    }
    return JWTRule(
      algorithm: algorithm, key: key, header: json["header"]?.members ?? [],
      claims: json["claims"]?.members ?? [], lifeSeconds: life)
  }

  private static func keeps(
    _ name: String, _ json: JSON, _ declared: Set<String>
  ) throws(KinoraError) -> String? {
    guard let path = json["keeps"]?.string else { return nil }
    guard CredentialStore.base(path, among: declared) != nil else {
      throw wrong("\(name).keeps", "must be of a declared credential", declared.sorted())
    }
    return path
  }

  private static func key(
    _ name: String, _ json: JSON, _ declared: Set<String>
  ) throws(KinoraError) -> String {
    guard let key = json["key"]?.string, CredentialStore.base(key, among: declared) != nil else {
      throw wrong("\(name).key", "must name a declared credential", declared.sorted())
    }
    return key
  }

  private static func fields(
    _ name: String, _ json: JSON, _ declared: Set<String>
  ) throws(KinoraError) -> [(String, String)] {
    var list: [(String, String)] = []
    for member in json["fields"]?.members ?? [] {
      guard let text = member.value.string else {
        throw wrong("\(name).fields.\(member.key)", "must be a string")
      }
      try check("\(name).fields.\(member.key)", text, declared)
      list.append((member.key, text))
    }
    return list
  }

  private static func endpoint(
    _ name: String, _ json: JSON, _ declared: Set<String>
  ) throws(KinoraError) -> Endpoint {
    guard let text = json["endpoint"]?.string, isEndpoint(text) else {
      throw wrong("\(name).endpoint", "must be an https address")
    }
    let member = json["endpoint_from"]?.string
    if let member, CredentialStore.base(member, among: declared) == nil {
      throw wrong(
        "\(name).endpoint_from", "must be a member of a declared credential", declared.sorted())
    }
    return Endpoint(usual: text, member: member)
  }

  /// An address that a secret may be sent to.
  static func isEndpoint(_ text: String) -> Bool {
    guard let url = try? OutboundURL(text) else { return false }
    return url.scheme == "https" || url.host.isLoopback
  }

  private static func check(
    _ path: String, _ text: String?, _ declared: Set<String>
  ) throws(KinoraError) {
    for used in CredentialTemplate(text ?? "").names
    where CredentialStore.base(used, among: declared) == nil {
      throw wrong(path, "names the credential \(used), which is not declared", declared.sorted())
    }
  }

  private static func wrong(
    _ path: String, _ message: String, _ allowed: [String] = []
  ) -> KinoraError {
    let field = "catalog.kinora.sign/1" + (path.isEmpty ? "" : "." + path)
    return KinoraError(.configuration, "\(field): \(message)", field: field, allowed: allowed)
  }
}
