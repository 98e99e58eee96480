import KinoraModel
import Synchronization

/// Makes, keeps and renews the credentials that a catalog derives from stored ones.
final class SignedCredentials: DerivedCredentials {
  /// A credential is renewed this long before its end, so that none ends on the way.
  static let marginSeconds: Int64 = 60
  /// The same for a login that other programs use too, so that nobody has to renew it in between.
  static let leadSeconds: Int64 = 300
  /// For so many milliseconds a maker that failed is not asked again with the same.
  static let pause: Milliseconds = 2000
  /// A token's clock may be ahead of the provider's by this much.
  static let skewSeconds: Int64 = 5

  private struct Entry {
    var secret: Secret
    /// What it was made from; it ends when that changes.
    var material: SignRule.Material
    /// Milliseconds since 1970.
    var until: Milliseconds
  }
  private struct Failed {
    var error: KinoraError
    var material: SignRule.Material
    var until: Milliseconds
  }
  private let rules: [String: [SignRule]]
  private let store: CredentialStore
  private let clock: any Clock
  private let endpoint: TokenEndpoint
  private let ready = Mutex<[String: Entry]>([:])
  private let refused = Mutex<[String: Secret]>([:])
  private let failed = Mutex<[String: Failed]>([:])
  private let rotated: [String: RotatedToken]
  private let report: @Sendable (String) -> Void
  /// Why a login could not be written back the last time.
  private let trouble = Mutex<String?>(nil)
  private let making = Mutex<[String: Task<Result<Entry, KinoraError>, Never>]>([:])

  init(
    _ rules: [String: [SignRule]], store: CredentialStore, clock: any Clock, network: NetworkRules,
    wire: any Wire, folder: String, report: @escaping @Sendable (String) -> Void
  ) {
    self.rules = rules
    self.store = store
    self.clock = clock
    endpoint = TokenEndpoint(clock: clock, network: network, wire: wire)
    self.report = report
    var rotated: [String: RotatedToken] = [:]
    for name in rules.keys {
      rotated[name] = RotatedToken(folder: folder, provider: store.provider, name: name)
    }
    self.rotated = rotated
  }

  var names: Set<String> { Set(rules.keys) }

  func secret(_ name: String) async throws(KinoraError) -> Secret {
    let (rule, material) = try usable(name)
    let now = clock.now()
    if let entry = ready.withLock({ $0[name] }), entry.until > now,
      entry.material.matches(material)
    {
      return entry.secret
    }
    if let old = failed.withLock({ $0[name] }), old.until > now,
      old.until - now <= Self.pause, old.material.matches(material)
    {
      throw old.error
    }
    // Those who need it at the same time wait for one making.
    let task = making.withLock { making in
      if let task = making[name] { return task }
      let task = Task { () -> Result<Entry, KinoraError> in
        do throws(KinoraError) {
          return .success(try await self.make(name, rule, material))
        } catch {
          return .failure(error)
        }
      }
      making[name] = task
      return task
    }
    let result = await task.value
    switch result {
    case .success(let entry): ready.withLock { $0[name] = entry }
    case .failure(let error):
      failed.withLock {
        $0[name] = Failed(error: error, material: material, until: clock.now() + Self.pause)
      }
    }
    making.withLock { if $0[name] == task { $0[name] = nil } }
    return try result.get().secret
  }

  func problem() -> KinoraError? {
    for name in rules.keys.sorted() {
      do throws(KinoraError) { _ = try usable(name) } catch { return error }
    }
    return nil
  }

  func warning() -> String? {
    if let trouble = trouble.withLock({ $0 }) { return trouble }
    for list in rules.values {
      for case .refresh(_, _, let keeps?) in list.map(\.kind) {
        guard let login = store.login(keeps), let why = login.obstacle else { continue }
        return Self.unwritten(login, why)
      }
    }
    return nil
  }

  private static func unwritten(_ login: LoginFile, _ why: String) -> String {
    "the login \(login.path) cannot be written back: \(why); a renewed one is kept in the state "
      + "directory, and programs that share the file must log in themselves"
  }

  func forget(_ names: Set<String>) {
    for name in names {
      let old = ready.withLock { $0.removeValue(forKey: name) }
      // The file of a login may have it still.
      if let old { refused.withLock { $0[name] = old.secret } }
    }
  }

  private func usable(_ name: String) throws(KinoraError) -> (SignRule, SignRule.Material) {
    guard let list = rules[name] else {
      throw KinoraError(.credentialMissing, "credential \(name) cannot be derived")
    }
    return try list.usable(name, store)
  }

  private func make(
    _ name: String, _ rule: SignRule, _ material: SignRule.Material
  ) async throws(KinoraError) -> Entry {
    switch rule.kind {
    case .stored(let key):
      // For ever: it is read anew for each use, and another one ends this.
      return Entry(secret: try read(key, material), material: material, until: .max)
    case .jwt(let rule):
      let margin = min(Self.marginSeconds, rule.lifeSeconds / 2)
      return Entry(
        secret: Secret(try token(rule, material)), material: material,
        until: clock.now() + (rule.lifeSeconds - margin) * 1000)
    case .refresh(_, let fields, let keeps): return try await renewed(name, material, fields, keeps)
    case .bearer(_, let rule, let fields):
      let grant = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", try token(rule, material)),
      ]
      let answer = try await ask(material, grant + fields, margin: Self.marginSeconds)
      return Entry(secret: answer.token, material: material, until: answer.until)
    }
  }

  /// By the login's own access token while that is good, else by its refresh token.
  private func renewed(
    _ name: String, _ material: SignRule.Material, _ fields: [(String, String)], _ keeps: String?
  ) async throws(KinoraError) -> Entry {
    let login = keeps.flatMap(store.login)
    if let known = login?.token, known.until - Self.leadSeconds * 1000 > clock.now(),
      refused.withLock({ $0[name]?.matches(known.secret) }) != true
    {
      return Entry(
        secret: known.secret, material: material, until: known.until - Self.leadSeconds * 1000)
    }
    // The token that the maker gave last, where the configured one was replaced.
    let path = Self.refreshPath(fields)
    let stored = path.flatMap { material.secrets[$0] }
    let newer = stored.flatMap { rotated[name]?.token(insteadOf: $0) }
    var used = material
    if let newer, let path { used = material.with(newer, at: path) }
    let answer = try await ask(
      used, [("grant_type", "refresh_token")] + fields,
      margin: login == nil ? Self.marginSeconds : Self.leadSeconds,
      source: path.map { store.describe(String($0.prefix { $0 != "." })) })
    keep(answer, of: name, instead: stored, sent: newer ?? stored, in: login)
    return Entry(secret: answer.token, material: material, until: answer.until)
  }

  /// Asks the maker. A login that has ended is a person's affair, so it is told.
  private func ask(
    _ material: SignRule.Material, _ fields: [(String, String)], margin: Int64,
    source: String? = nil
  ) async throws(KinoraError) -> TokenEndpoint.Answer {
    switch await endpoint.ask(material, fields, margin: margin, source: source) {
    case .given(let answer): return answer
    case .ended(let error):
      tell(error.message)
      throw error
    case .failed(let error): throw error
    }
  }

  /// Where the refresh token stands that these fields send.
  private static func refreshPath(_ fields: [(String, String)]) -> String? {
    fields.first { $0.0 == "refresh_token" }.flatMap { CredentialTemplate($0.1).names.first }
  }

  /// Writes down what a maker gave, before it is used: into the login's file where that is shared, else a
  /// refresh token that replaced ours beside the jobs.
  private func keep(
    _ answer: TokenEndpoint.Answer, of name: String, instead stored: Secret?, sent: Secret?,
    in login: LoginFile?
  ) {
    guard let stored, let sent else { return tell(nil) }
    let kept = login?.keep(
      answer.token.reveal(), until: answer.ends, refresh: answer.refresh, madeWith: stored)
    var problem: String?
    if case .failed(let why)? = kept, let login { problem = Self.unwritten(login, why) }
    if kept != .written, let fresh = answer.refresh, !sent.matches(Secret(fresh)),
      let why = rotated[name]?.keep(fresh, insteadOf: stored)
    {
      problem =
        "a new refresh token cannot be kept: \(why); after a restart somebody must log in again"
    }
    tell(problem)
  }

  private func token(
    _ rule: SignRule.JWTRule, _ material: SignRule.Material
  ) throws(KinoraError) -> String {
    var claims = try filled(rule.claims, material)
    if let endpoint = material.endpoint, !claims.contains(where: { $0.key == "aud" }) {
      claims.append(JSONMember("aud", .string(endpoint)))
    }
    let now = clock.now() / 1000
    claims += [
      JSONMember("iat", .integer(now)), JSONMember("nbf", .integer(now - Self.skewSeconds)),
      JSONMember("exp", .integer(now + rule.lifeSeconds)),
    ]
    return try JWT.token(
      rule.algorithm, key: try read(rule.key, material), header: try filled(rule.header, material),
      claims: claims)
  }

  private func read(
    _ name: String, _ material: SignRule.Material
  ) throws(KinoraError) -> Secret {
    guard let secret = material.secrets[name] else {
      throw KinoraError(.credentialMissing, "credential \(name) was not read")
    }
    return secret
  }

  private func filled(
    _ members: [JSONMember], _ material: SignRule.Material
  ) throws(KinoraError) -> [JSONMember] {
    var list: [JSONMember] = []
    for member in members {
      let value: JSON =
        if let text = member.value.string { .string(try material.fill(text)) } else {
          member.value
        }
      list.append(JSONMember(member.key, value))
    }
    return list
  }

  /// Remembers what is wrong with a login, or that nothing is, and reports it when it is new.
  private func tell(_ problem: String?) {
    let isNew = trouble.withLock { trouble in
      defer { trouble = problem }
      return trouble != problem
    }
    if isNew, let problem { report("provider \(store.provider): \(problem)") }
  }
}
