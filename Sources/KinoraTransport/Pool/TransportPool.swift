public import KinoraLoop
public import KinoraModel
import Synchronization

/// A way that repeatable requests take.
protocol Wire: Sendable {
  /// One whole exchange; a cancelled task ends it.
  func run(_ request: PreparedRequest) async -> WireResult
}
extension LibcurlMulti: Wire {}

/// All transports behind one port, chosen for each provider and each request.
///
/// Paid requests of urlsession and libcurl providers go through libcurl on a fresh connection, those
/// of curl providers through a process of their own; see `PaidSubmit` and `CurlSubmit`.
public final class TransportPool: Transport {
  private let setup: TransportSetup
  private let links = Mutex<[String: ProviderLink]>([:])
  private let libcurl: LibcurlMulti
  private let urlsession: URLSessionWire
  private let batches: CurlBatches
  private let submit: PaidSubmit
  private let curlSubmit: CurlSubmit
  /// The curl program, for health and doctor.
  public let curl: CurlProgram

  /// Redirects that a download follows.
  public static let mostRedirects = 3

  /// Transports without providers; `update` names them.
  ///
  /// - Parameter loop: where curl's pipes are read; its thread also writes answers to files, so it
  ///   should not be the one that serves clients
  public init(_ setup: TransportSetup, loop: EventLoop) throws(KinoraError) {
    self.setup = setup
    libcurl = try LibcurlMulti()
    urlsession = URLSessionWire()
    curl = CurlProgram(path: setup.curl, loop: loop)
    let runner = CurlRunner(program: curl, loop: loop, scratch: setup.scratch)
    batches = CurlBatches(runner, window: setup.coalesce)
    submit = PaidSubmit(points: setup.points)
    curlSubmit = CurlSubmit(runner, points: setup.points)
  }

  /// Takes new settings for all providers; requests on their way keep the old ones.
  ///
  /// - Parameters:
  ///   - catalogs: by plugin name; a provider whose plugin has none is left out
  ///   - derived: by provider name, in the place of what the catalog's `kinora.sign/1` declares
  /// - Throws: `configuration`, and then nothing has changed.
  public func update(
    settings: [ProviderSettings], catalogs: [String: Catalog],
    derived: [String: any DerivedCredentials] = [:]
  ) throws(KinoraError) {
    var table: [String: ProviderLink] = [:]
    for provider in settings {
      guard let catalog = catalogs[provider.plugin] else { continue }
      table[provider.name] = try ProviderLink(
        provider, catalog, derived[provider.name], setup, libcurl)
    }
    links.withLock { $0 = table }
    for (name, link) in table.sorted(by: { $0.key < $1.key }) {
      if let warning = link.derived.warning() { setup.report("provider \(name): \(warning)") }
    }
  }

  /// Which transport a provider's repeatable requests take; nil for an unknown provider.
  public func choice(provider: String) -> TransportChoice? {
    links.withLock { $0[provider]?.choice }
  }

  /// The provider's secrets, for health and doctor; nil for an unknown provider.
  public func credentials(provider: String) -> CredentialStore? {
    links.withLock { $0[provider]?.credentials }
  }

  /// Why a provider's derived credentials could not be made now, or nil.
  public func problem(provider: String) -> KinoraError? {
    links.withLock { $0[provider]?.derived }?.problem()
  }

  /// What a person should know of a provider's derived credentials, or nil.
  public func warning(provider: String) -> String? {
    links.withLock { $0[provider]?.derived }?.warning()
  }

  /// Ends repeatable exchanges and the threads; paid ones go on to their ends.
  public func shutdown() {
    libcurl.stop()
    urlsession.stop()
    batches.stop()
  }

  public func send(_ request: ProviderRequest, provider: String, permit: Permit?) async -> Exchange
  {
    guard let link = links.withLock({ $0[provider] }) else { return Self.unknown(provider) }
    let isPaid = !request.isIdempotent
    let (kind, reason) = Self.way(link.choice, isPaid: isPaid)
    do throws(KinoraError) {
      let prepared = try await link.prepare(request)
      guard isPaid else {
        let result = await wire(kind).run(prepared)
        // A token may end before its time; a key that is refused stays refused.
        guard Self.status(result) == 401, link.renews(request) else {
          return result.exchange(kind, reason)
        }
        return await wire(kind).run(try await link.prepare(request)).exchange(kind, reason)
      }
      guard let permit else {
        throw KinoraError(.internalError, "a paid request came without a permit")
      }
      let result =
        kind == .curl
        ? await curlSubmit.run(prepared, permit: permit)
        : await submit.run(prepared, permit: permit)
      if Self.status(result) == 401 { _ = link.renews(request) }
      return result.exchange(kind, reason)
    } catch {
      return WireResult.notSent(error).exchange(kind, reason)
    }
  }

  public func download(
    _ request: ProviderRequest, provider: String, to path: String, limit: Int64
  ) async -> Exchange {
    guard let link = links.withLock({ $0[provider] }) else { return Self.unknown(provider) }
    var (kind, reason) = (link.choice.kind, link.choice.reason)
    /// Only libcurl can look at the address that a name leads to before it connects.
    func choose(_ url: OutboundURL) {
      guard !link.egress.isNamed(url) else { return }
      (kind, reason) = (.libcurl, "a host that the catalog does not name")
    }
    do throws(KinoraError) {
      var next = try await link.prepare(download: request, to: path, limit: limit)
      choose(next.url)
      let plain = Set(
        request.fields.filter { CredentialTemplate($0.value).names.isEmpty }
          .map { $0.name.lowercased() })
      for _ in 0..<Self.mostRedirects {
        let result = await wire(kind).run(next)
        guard let location = Self.redirect(result) else { return result.exchange(kind, reason) }
        next = try link.follow(next, plain, to: location)
        choose(next.url)
      }
      let result = await wire(kind).run(next)
      guard Self.redirect(result) == nil else {
        throw KinoraError(.urlRefused, "more than \(Self.mostRedirects) redirects")
      }
      return result.exchange(kind, reason)
    } catch {
      return WireResult.notSent(error).exchange(kind, reason)
    }
  }

  private func wire(_ kind: TransportKind) -> any Wire {
    switch kind {
    case .urlsession: urlsession
    case .libcurl: libcurl
    case .curl: batches
    }
  }

  static func way(_ choice: TransportChoice, isPaid: Bool) -> (TransportKind, String) {
    guard isPaid else { return (choice.kind, choice.reason) }
    return choice.kind == .curl ? (.curl, choice.reason) : (.libcurl, "paid")
  }

  private static func status(_ result: WireResult) -> Int? {
    guard case .success(let response) = result.outcome else { return nil }
    return response.status
  }

  static func redirect(_ result: WireResult) -> String? {
    guard case .success(let response) = result.outcome,
      [301, 302, 303, 307, 308].contains(response.status)
    else { return nil }
    return response.field("location")
  }

  private static func unknown(_ provider: String) -> Exchange {
    WireResult.notSent(KinoraError(.unavailable, "provider \(provider) is not configured"))
      .exchange(.libcurl, "none")
  }
}
