/// How bytes reach a provider.
public enum TransportKind: String, Sendable, Codable, CaseIterable {
  case urlsession
  case curl
  case libcurl
}

/// The right to put one paid request on the wire, asked for at the last moment before the first byte.
///
/// The first call of `ask` commits the permit (row, then journal) and answers true; every later call
/// answers false. A transport that is answered false sends nothing.
public struct Permit: Sendable {
  /// Suspends until the permit is durable or refused.
  public let ask: @Sendable () async -> Bool

  /// A permit that is decided by `ask`.
  public init(ask: @escaping @Sendable () async -> Bool) { self.ask = ask }
}

/// Sends requests, one whole exchange at a time.
public protocol Transport: Sendable {
  /// Sends a plugin's request for the configured provider `provider`. Fills credentials, refuses URLs
  /// outside the provider's hosts, follows no redirect of a paid request. A paid request comes with a
  /// permit. Cancelling the task cancels a repeatable exchange; a paid one runs to its end.
  func send(_ request: ProviderRequest, provider: String, permit: Permit?) async -> Exchange

  /// Downloads a repeatable GET into `path`, at most `limit` bytes. Fields may hold placeholders, which
  /// are filled only where the URL is of the provider's own origin.
  func download(_ request: ProviderRequest, provider: String, to path: String, limit: Int64) async
    -> Exchange
}

/// One exchange and what is known about it.
public struct Exchange: Sendable {
  /// How it ended.
  public enum Outcome: Sendable {
    case response(ProviderResponse)
    /// Nothing usable came back.
    case failed(sent: Sent, KinoraError)
  }
  /// Whether bytes of the request may have reached the provider.
  public enum Sent: String, Sendable, Codable {
    /// Proven: not a byte left.
    case no
    /// It cannot be excluded.
    case unknown
  }
  /// How it ended.
  public var outcome: Outcome
  /// Which way it went.
  public var transport: TransportKind
  /// Why that way: `paid`, `configured`, `catalog default`, `ca_file`, …
  public var reason: String
  /// `1.1`, `2`, or empty when no answer came.
  public var httpVersion: String
  /// Facts for the evidence row: exit code, connections, bytes, timings. Never secrets.
  public var evidence: JSON

  /// An exchange.
  public init(
    outcome: Outcome, transport: TransportKind, reason: String, httpVersion: String = "",
    evidence: JSON = .object([])
  ) {
    self.outcome = outcome
    self.transport = transport
    self.reason = reason
    self.httpVersion = httpVersion
    self.evidence = evidence
  }
}
