import KinoraModel
import Synchronization

/// Makes, keeps and renews the credentials that a catalog derives from stored ones.
final class SignedCredentials: DerivedCredentials {
  /// A credential is renewed this long before its end, so that none ends on the way.
  static let marginSeconds: Int64 = 60
  /// Milliseconds that a token's maker has.
  static let timeout: Int64 = 30_000
  /// A token's clock may be ahead of the provider's by this much.
  static let skewSeconds: Int64 = 5

  private struct Entry {
    var secret: Secret
    /// Milliseconds since 1970.
    var until: Milliseconds
  }
  private let rules: [String: SignRule]
  private let store: CredentialStore
  private let clock: any Clock
  private let network: NetworkRules
  private let wire: any Wire
  private let ready = Mutex<[String: Entry]>([:])
  private let making = Mutex<[String: Task<Result<Entry, KinoraError>, Never>]>([:])

  init(
    _ rules: [String: SignRule], store: CredentialStore, clock: any Clock, network: NetworkRules,
    wire: any Wire
  ) {
    self.rules = rules
    self.store = store
    self.clock = clock
    self.network = network
    self.wire = wire
  }

  var names: Set<String> { Set(rules.keys) }

  func secret(_ name: String) async throws(KinoraError) -> Secret {
    let now = clock.now()
    if let entry = ready.withLock({ $0[name] }), entry.until > now { return entry.secret }
    // Those who need it at the same time wait for one making.
    let task = making.withLock { making in
      if let task = making[name] { return task }
      let task = Task { () -> Result<Entry, KinoraError> in
        do throws(KinoraError) {
          return .success(try await self.make(name))
        } catch {
          return .failure(error)
        }
      }
      making[name] = task
      return task
    }
    let result = await task.value
    if case .success(let entry) = result { ready.withLock { $0[name] = entry } }
    making.withLock { if $0[name] == task { $0[name] = nil } }
    return try result.get().secret
  }

  private func make(_ name: String) async throws(KinoraError) -> Entry {
    guard let rule = rules[name] else {
      throw KinoraError(.credentialMissing, "credential \(name) cannot be derived")
    }
    switch rule.kind {
    case .jwt(let rule):
      let margin = min(Self.marginSeconds, rule.lifeSeconds / 2)
      return Entry(
        secret: Secret(try token(rule)),
        until: clock.now() + (rule.lifeSeconds - margin) * 1000)
    case .refresh(let endpoint, let fields):
      return try await exchange(endpoint, [("grant_type", "refresh_token")] + (try filled(fields)))
    case .bearer(let endpoint, let rule, let fields):
      let grant = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", try token(rule)),
      ]
      return try await exchange(endpoint, grant + (try filled(fields)))
    }
  }

  private func token(_ rule: SignRule.JWTRule) throws(KinoraError) -> String {
    var claims: [JSONMember] = []
    for claim in rule.claims {
      let value: JSON =
        if let text = claim.value.string { .string(try fill(text)) } else { claim.value }
      claims.append(JSONMember(claim.key, value))
    }
    let now = clock.now() / 1000
    claims += [
      JSONMember("iat", .integer(now)), JSONMember("nbf", .integer(now - Self.skewSeconds)),
      JSONMember("exp", .integer(now + rule.lifeSeconds)),
    ]
    return try JWT.token(
      rule.algorithm, key: try store.secret(rule.key), header: rule.header, claims: claims)
  }

  private func filled(_ fields: [(String, String)]) throws(KinoraError) -> [(String, String)] {
    var list: [(String, String)] = []
    for (name, text) in fields { list.append((name, try fill(text))) }
    return list
  }

  private func fill(_ text: String) throws(KinoraError) -> String {
    let template = CredentialTemplate(text)
    var secrets: [String: Secret] = [:]
    for name in template.names { secrets[name] = try store.secret(name) }
    return try template.filled(secrets)
  }

  private func exchange(
    _ endpoint: OutboundURL, _ fields: [(String, String)]
  ) async throws(KinoraError) -> Entry {
    var pairs: [String] = []
    for (name, value) in fields {
      pairs.append(
        try PercentCoding.encode(name.utf8, .queryValue) + "="
          + PercentCoding.encode(value.utf8, .queryValue))
    }
    let request = PreparedRequest(
      method: "POST", url: endpoint,
      fields: [
        ("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"),
      ],
      body: try RequestBody([.bytes(Array(pairs.joined(separator: "&").utf8))]),
      timeout: Self.timeout,
      answer: AnswerRules(maxBody: 64 * 1024, maxFile: 0, spoolPath: { "" }, nonce: ""),
      network: network,
      peer: network.proxy != nil ? .any : endpoint.host.isLoopback ? .loopbackOnly : .publicOnly)
    let response = try await wire.run(request).outcome.get()
    // The maker's own words may hold what was sent, so only its status is told.
    guard response.status == 200, let json = try? JSON.parse(response.body),
      let token = json["access_token"]?.string, !token.isEmpty
    else {
      throw KinoraError(
        response.status >= 500 ? .providerUnavailable : .providerUnauthenticated,
        "\(endpoint.origin) answered \(response.status) and gave no access token")
    }
    let life = max(0, json["expires_in"]?.integer ?? 300)
    let margin = min(Self.marginSeconds, life / 2)
    return Entry(secret: Secret(token), until: clock.now() + (life - margin) * 1000)
  }
}
