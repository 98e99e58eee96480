/// One configured provider: a plugin with an address, credentials and limits.
public struct ProviderSettings: Sendable {
  /// Where a credential comes from. The secret itself is read when it is needed.
  public enum CredentialSource: Sendable, Equatable {
    /// A file, read again when it changes.
    case file(String)
    /// A folder in which another program keeps a JSON file for each login: the newest file that fits
    /// the pattern and is not `"disabled": true`. A renewed token is written back.
    case folder(String, match: String)
    /// A name under `$CREDENTIALS_DIRECTORY`.
    case systemd(String)
    /// An environment variable of the daemon, read once at start.
    case environment(String)
  }

  /// The configured name.
  public var name: String
  /// The plugin's name.
  public var plugin: String
  /// Where requests go; the catalog's `base_url` when not configured. Without a slash at the end.
  public var baseURL: String
  /// The configured transport; nil for `auto`.
  public var transport: TransportKind?
  /// Credential names to sources.
  public var credentials: [String: CredentialSource] = [:]
  /// Jobs that may be with the provider at once; 0 for no limit.
  public var maxConcurrent: Int = 0
  /// A PEM file of authorities to trust instead of the system's.
  public var caFile: String?
  /// A proxy, `http://host:port`.
  public var proxy: String?
  /// What an unpriced model is taken to cost.
  public var assumeCost: MicroUSD?
  /// A plain-http or private address is allowed.
  public var allowsPrivate: Bool = false
  /// Sandbox only: polls come this many times faster.
  public var pollSpeed: Double = 1
  /// Caps of answers; nil for the defaults.
  public var maxAnswerBytes: Int?
  /// Cap of one asset; nil for `Limits.artifactBytes`.
  public var maxAssetBytes: Int64?
  /// Passed to the plugin as its configuration, with `base_url` added.
  public var options: JSON = .object([])
  /// Models that stand in for the catalog's, as written; nil for the catalog's own.
  public var models: JSON?
  /// Off: its jobs wait.
  public var isEnabled: Bool = true

  /// A provider by name and plugin.
  public init(name: String, plugin: String, baseURL: String) {
    self.name = name
    self.plugin = plugin
    self.baseURL = baseURL
  }

  /// What its plugin gets as configuration: the options, the address, and which credentials there
  /// are. Their names only.
  public var pluginConfig: [UInt8] {
    options.setting("base_url", .string(baseURL))
      .setting("credentials", .array(credentials.keys.sorted().map { .string($0) })).bytes
  }
}
