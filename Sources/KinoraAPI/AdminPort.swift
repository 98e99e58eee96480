public import KinoraModel

/// What the front door needs of the daemon besides the job core. Methods may be called at any time
/// and from any thread.
public protocol AdminPort: Sendable {
  /// True from the moment the daemon begins to stop: POST is answered 503 `draining`.
  var isDraining: Bool { get }
  /// Versions of this program.
  var version: VersionFacts { get }
  /// Every plugin file that was looked at.
  func plugins() -> [PluginInfo]
  /// Every configured provider, in the order of the configuration.
  func providers() -> [ProviderFacts]
  /// The effective configuration, secrets masked.
  func configuration() -> JSON
  /// Reads the configuration again and puts it in force; returns when it is, or with every error
  /// and the old one still in force.
  func reload() async -> [KinoraError]
  /// Stops paid submits, or lets them go on; the engine has been told when this returns.
  func setPaused(_ paused: Bool) async throws(KinoraError)
  /// The daemon's own view of its health, for people.
  func doctor() async -> [DoctorCheck]
  /// One provider looked at closely: it is asked, for nothing, which models the key may use. Throws
  /// `notFound` for a name that is not configured.
  func examine(provider: String) async throws(KinoraError) -> ProviderExamination
  /// What must work for requests to be served: store, disk, engine, …
  func readiness() async -> [ReadinessCheck]
  /// Writes what went wrong unexpectedly into the log, under the id that the client was told.
  func report(_ error: KinoraError, requestID: String)
  /// Figures of the daemon besides those that the front door knows: process, connections, …
  func metrics() async -> [MetricFamily]
}

/// Versions of the daemon.
public struct VersionFacts: Sendable, Equatable {
  /// The program's version.
  public var version: String
  /// The plugin ABI's, as `1.0`.
  public var abi: String
  /// The database schema's number.
  public var schema: Int

  /// All three.
  public init(version: String, abi: String, schema: Int) {
    self.version = version
    self.abi = abi
    self.schema = schema
  }
}

/// One configured provider, as people see it.
public struct ProviderFacts: Sendable, Equatable {
  /// A credential and whether it is there. Never the secret.
  public struct Credential: Sendable, Equatable {
    /// The catalog's name for it.
    public var name: String
    /// Where it is looked for: `file /etc/…`, `systemd NAME`, `env NAME`.
    public var source: String
    /// Whether it could be read.
    public var isFound: Bool

    /// A credential.
    public init(name: String, source: String, isFound: Bool) {
      self.name = name
      self.source = source
      self.isFound = isFound
    }
  }
  /// The configured name.
  public var name: String
  /// Its plugin.
  public var plugin: String
  /// Where requests go.
  public var baseURL: String
  /// Whether it is switched on.
  public var isEnabled: Bool
  /// Why it cannot be used at all, as: its plugin is not loaded; nil when nothing is known to be wrong.
  public var problem: String?
  /// `auto` or a transport's name.
  public var configuredTransport: String
  /// The transport that is used.
  public var effectiveTransport: TransportKind
  /// Why that one: `catalog default`, `ca_file`, …
  public var transportReason: String
  /// Its credentials.
  public var credentials: [Credential]
  /// Jobs that may be with it at once; 0 for no limit.
  public var maxConcurrent: Int
  /// What a person should know although it works: a login that cannot be written back; or nil.
  public var warning: String?

  /// A provider's facts.
  public init(
    name: String, plugin: String, baseURL: String, isEnabled: Bool = true, problem: String? = nil,
    configuredTransport: String, effectiveTransport: TransportKind, transportReason: String,
    credentials: [Credential] = [], maxConcurrent: Int = 0, warning: String? = nil
  ) {
    self.name = name
    self.plugin = plugin
    self.baseURL = baseURL
    self.isEnabled = isEnabled
    self.problem = problem
    self.configuredTransport = configuredTransport
    self.effectiveTransport = effectiveTransport
    self.transportReason = transportReason
    self.credentials = credentials
    self.warning = warning
    self.maxConcurrent = maxConcurrent
  }
}

/// One line of `kinora doctor`.
public struct DoctorCheck: Sendable, Equatable {
  /// How it stands.
  public enum Status: String, Sendable {
    case ok
    case warn
    case fail
  }
  /// What was looked at.
  public var name: String
  /// How it stands.
  public var status: Status
  /// What was found.
  public var detail: String
  /// What to do; empty when nothing is.
  public var fix: String

  /// A line.
  public init(name: String, status: Status, detail: String, fix: String = "") {
    self.name = name
    self.status = status
    self.detail = detail
    self.fix = fix
  }
}

/// What `kinora doctor provider` finds.
public struct ProviderExamination: Sendable {
  /// The configured name.
  public var provider: String
  /// What was looked at.
  public var checks: [DoctorCheck]
  /// Its models by id, and whether the key may use each; nil where the provider does not tell.
  public var models: [(id: String, isAllowed: Bool?)]

  /// Findings.
  public init(
    provider: String, checks: [DoctorCheck], models: [(id: String, isAllowed: Bool?)]
  ) {
    self.provider = provider
    self.checks = checks
    self.models = models
  }
}

/// One part that requests depend on.
public struct ReadinessCheck: Sendable, Equatable {
  /// The part.
  public var name: String
  /// Why it does not work; nil when it does.
  public var problem: String?

  /// A part and what is wrong with it.
  public init(name: String, problem: String? = nil) {
    self.name = name
    self.problem = problem
  }
}
