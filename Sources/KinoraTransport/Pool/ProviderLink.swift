import KinoraModel

/// One provider as its settings and its catalog say: made at start and at every reload, never
/// changed. An exchange keeps the one that it began with.
struct ProviderLink: Sendable {
  let settings: ProviderSettings
  let choice: TransportChoice
  let egress: Egress
  let credentials: CredentialStore
  let derived: any DerivedCredentials
  private let declared: Set<String>
  private let setup: TransportSetup

  /// Milliseconds for a repeatable exchange that names no limit.
  static let repeatableTimeout: Int64 = 60_000
  /// Milliseconds for a paid exchange that names no limit.
  static let paidTimeout: Int64 = 120_000
  /// Milliseconds for a download that names no limit; standing still ends it earlier.
  static let downloadTimeout: Int64 = 3_600_000

  init(
    _ settings: ProviderSettings, _ catalog: Catalog, _ derived: (any DerivedCredentials)?,
    _ setup: TransportSetup, _ wire: any Wire
  ) throws(KinoraError) {
    self.settings = settings
    self.setup = setup
    choice = try TransportChoice(settings: settings, catalogDefault: catalog.transport)
    egress = try Egress(settings: settings, hosts: catalog.hosts)
    let credentials = CredentialStore(
      provider: settings.name, sources: settings.credentials,
      directory: setup.credentialsDirectory, environment: setup.environment)
    self.credentials = credentials
    let stored = Set(catalog.credentials.map(\.name))
    if let derived {
      self.derived = derived
    } else if let section = catalog.sign {
      guard let clock = setup.clock else {
        throw KinoraError(.configuration, "a catalog with kinora.sign/1 needs a clock")
      }
      self.derived = SignedCredentials(
        try SignRule.read(section, declared: stored), store: credentials, clock: clock,
        network: NetworkRules(caFile: settings.caFile, proxy: settings.proxy), wire: wire,
        folder: setup.scratch + "/logins", report: setup.report)
    } else {
      self.derived = NoDerivedCredentials()
    }
    declared = stored.union(self.derived.names)
  }

  /// After an answer that says 401: derived credentials that the request had are made anew at their
  /// next use. True when there were some, so that asking once more may help.
  func renews(_ request: ProviderRequest) -> Bool {
    let texts = request.fields.map(\.value) + [request.url]
    let used = texts.reduce(into: Set<String>()) { $0.formUnion(CredentialTemplate($1).names) }
      .intersection(derived.names)
    derived.forget(used)
    return !used.isEmpty
  }

  /// Fills, checks and measures a request.
  func prepare(_ request: ProviderRequest) async throws(KinoraError) -> PreparedRequest {
    try await prepare(request, fields: request.fields)
  }

  /// The same for a download into `path`. Where the address is not the provider's own, fields with
  /// placeholders are left out, and an address with one is refused.
  func prepare(download request: ProviderRequest, to path: String, limit: Int64)
    async throws(KinoraError) -> PreparedRequest
  {
    guard request.isIdempotent, request.method == "GET", request.parts.isEmpty else {
      throw KinoraError(.pluginFault, "a download is a repeatable GET without a body")
    }
    let bare = try OutboundURL(request.url)
    let isOwn = egress.isOwn(bare)
    guard isOwn || CredentialTemplate(request.url).names.isEmpty else {
      throw KinoraError(.urlRefused, "\(bare.origin) may not be given credentials")
    }
    let fields =
      isOwn
      ? request.fields : request.fields.filter { CredentialTemplate($0.value).names.isEmpty }
    var prepared = try await prepare(request, fields: fields, isDownload: true)
    prepared.isDownload = true
    prepared.timeout = request.timeout == 0 ? Self.downloadTimeout : Int64(request.timeout)
    prepared.answer.destination = path
    prepared.answer.maxFile = limit
    prepared.answer.streamsToFile = false
    prepared.answer.liftsStrings = false
    return prepared
  }

  /// Where a download goes on after a redirect. To another origin it carries nothing that could be a
  /// credential.
  func follow(
    _ request: PreparedRequest, _ plain: Set<String>, to location: String
  ) throws(KinoraError) -> PreparedRequest {
    var next = request
    next.url = try request.url.resolving(location)
    try egress.check(next.url, isDownload: true)
    next.peer = egress.peerRule(next.url)
    if !next.url.hasSameOrigin(as: request.url) {
      let never: Set<String> = ["authorization", "cookie", "proxy-authorization"]
      next.fields.removeAll {
        let name = $0.name.lowercased()
        return !plain.contains(name) || never.contains(name)
      }
    }
    return next
  }

  private func prepare(
    _ request: ProviderRequest, fields: [(name: String, value: String)], isDownload: Bool = false
  ) async throws(KinoraError) -> PreparedRequest {
    try RequestRules.checkMethod(request.method)
    // First the rules, then the secrets: an address that is refused needs none.
    try egress.check(try OutboundURL(request.url), isDownload: isDownload)
    let names = try CredentialFilling.names(
      url: request.url, fields: fields, declared: declared)
    var secrets: [String: Secret] = [:]
    for name in names {
      secrets[name] =
        derived.names.contains(name)
        ? try await derived.secret(name) : try credentials.secret(name)
    }
    let url = try OutboundURL(try CredentialFilling.fill(url: request.url, secrets))
    try egress.check(url, isDownload: isDownload)
    var filled: [(name: String, value: String)] = []
    for field in fields {
      filled.append((field.name, try CredentialFilling.fill(value: field.value, secrets)))
    }
    try RequestRules.check(filled)
    let body = try RequestBody(request.parts)
    try body.checkFiles()
    let usual = request.isIdempotent ? Self.repeatableTimeout : Self.paidTimeout
    return PreparedRequest(
      method: request.method, url: url, fields: filled, body: body,
      timeout: request.timeout == 0 ? usual : Int64(request.timeout),
      answer: rules(request),
      network: NetworkRules(caFile: settings.caFile, proxy: settings.proxy),
      peer: egress.peerRule(url))
  }

  private func rules(_ request: ProviderRequest) -> AnswerRules {
    let asked = request.maxBody == 0 ? Limits.answerBytes : Int(request.maxBody)
    let most = settings.maxAnswerBytes ?? max(Limits.answerBytes, Limits.bodyBytes)
    let nonce = setup.entropy.bytes(12).map { String($0, radix: 16) }.joined()
    return AnswerRules(
      maxBody: min(asked, most), maxFile: settings.maxAssetBytes ?? Limits.artifactBytes,
      streamsToFile: request.streamsToFile, liftsStrings: request.liftsStrings, tag: request.tag,
      spoolPath: setup.spoolPath, nonce: nonce)
  }
}
