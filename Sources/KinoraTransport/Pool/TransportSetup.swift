public import KinoraModel

/// What the transports are given from outside.
public struct TransportSetup: Sendable {
  /// A folder on the state directory's file system for unnamed files.
  public var scratch: String
  /// A new path for a part of an answer that goes to a file.
  public var spoolPath: @Sendable () -> String
  /// `$CREDENTIALS_DIRECTORY`, when systemd gave one.
  public var credentialsDirectory: String?
  /// The daemon's environment, for credentials that are configured to come from it.
  public var environment: [String: String]
  /// Random bytes.
  public var entropy: any Entropy
  /// The curl program, an absolute path.
  public var curl: String
  /// How long a repeatable request of a curl provider waits for others to share its process.
  public var coalesce: Duration
  /// Where a test may kill the daemon.
  public var points: CrashPoints
  /// The time that derived credentials are made with; without it a catalog that declares some is
  /// refused.
  public var clock: (any Clock)?
  /// Told once what a person should know of a provider: a login that cannot be written back.
  public var report: @Sendable (String) -> Void

  /// A set-up; what is not named has the values of production.
  public init(
    scratch: String, spoolPath: @escaping @Sendable () -> String,
    credentialsDirectory: String? = nil, environment: [String: String] = [:],
    entropy: any Entropy, curl: String = "/usr/bin/curl",
    coalesce: Duration = .milliseconds(250), points: CrashPoints = .off,
    clock: (any Clock)? = nil, report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.scratch = scratch
    self.spoolPath = spoolPath
    self.credentialsDirectory = credentialsDirectory
    self.environment = environment
    self.entropy = entropy
    self.curl = curl
    self.coalesce = coalesce
    self.points = points
    self.clock = clock
    self.report = report
  }
}

/// Which transport a provider's repeatable requests take, and why.
public struct TransportChoice: Sendable, Equatable {
  /// Which.
  public var kind: TransportKind
  /// `configured`, `ca_file`, `proxy` or `catalog default`.
  public var reason: String

  /// Chooses: the configured one, else libcurl where the native client cannot do what is configured,
  /// else the catalog's default.
  ///
  /// Throws `configuration` for `transport: urlsession` with a CA file or a proxy: Foundation on
  /// Linux honours neither.
  public init(settings: ProviderSettings, catalogDefault: TransportKind) throws(KinoraError) {
    let special = settings.caFile != nil ? "ca_file" : settings.proxy != nil ? "proxy" : nil
    if let kind = settings.transport {
      if kind == .urlsession, let special {
        throw KinoraError(
          .configuration,
          "providers.\(settings.name).transport: urlsession cannot be used with \(special)",
          field: "providers.\(settings.name).transport", allowed: ["auto", "libcurl", "curl"])
      }
      self.init(kind: kind, reason: "configured")
    } else if catalogDefault == .urlsession, let special {
      self.init(kind: .libcurl, reason: special)
    } else {
      self.init(kind: catalogDefault, reason: "catalog default")
    }
  }

  private init(kind: TransportKind, reason: String) {
    self.kind = kind
    self.reason = reason
  }
}
