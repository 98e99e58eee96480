public import KinoraCore
public import KinoraModel

/// Everything that can be configured, checked.
public struct Configuration: Sendable {
  /// The Unix socket.
  public struct UnixListener: Sendable, Equatable {
    /// Its path, at most 107 bytes.
    public var path = "/run/kinora/kinora.sock"
    /// Its mode.
    public var mode: UInt32 = 0o660
    /// Its group; nil keeps the daemon's.
    public var group: String?
  }
  /// The TCP listener.
  public struct TCPListener: Sendable, Equatable {
    /// A loopback address.
    public var address: String
    /// 0 for any.
    public var port: UInt16
    /// Names and hashes of keys.
    public var keysFile: String
    /// Origins of pages that may speak to it: `http://localhost:3000`.
    public var crossOrigins: [String] = []
  }

  /// Where jobs and files live.
  public var stateDirectory = "/var/lib/kinora"
  /// Folders of plugins, in order.
  public var pluginPath = ["/usr/lib/kinora/plugins"]
  /// The Unix socket.
  public var unix = UnixListener()
  /// The TCP listener, or nil for none.
  public var tcp: TCPListener?
  /// Providers, in order. `baseURL` may be empty: the catalog's then.
  public var providers: [ProviderSettings] = []
  /// Where each provider stands, for errors that are found later.
  public var providerPlaces: [String: SourcePlace] = [:]
  /// Plugins by name whose file must have this SHA-256.
  public var pluginHashes: [String: String] = [:]
  /// Plugins that are not to be loaded.
  public var disabledPlugins: Set<String> = []
  /// What `model` means when a request has none.
  public var defaultModel: String?
  /// Styles that everybody may name.
  public var styles: [String: StylePreset] = [:]
  /// Ordered lists of models by the name of a route, and where each stands.
  public var routes: [String: [String]] = [:]
  /// Where each route stands, for errors that only the catalogs show.
  public var routePlaces: [String: SourcePlace] = [:]
  /// Waiting jobs a client may have; 0 for no limit.
  public var maxQueued = 1000
  /// Jobs a client may have with providers at once; 0 for no limit.
  public var clientConcurrency = 0
  /// The clients, in order; nil where everybody is their own.
  public var clients: [ClientRules]?
  /// How long a job may wait for its turn.
  public var queueWait: Milliseconds = Limits.queueWait
  /// What a day may cost on this host; nil for no limit.
  public var hostBudget: MicroUSD?
  /// How long events are kept.
  public var eventLife: Milliseconds = 30 * 86_400_000
  /// How long finished jobs and their files are kept; nil for ever.
  public var jobLife: Milliseconds?
  /// For which customers a client may ask, by client; without an entry for its own number alone.
  public var customers: [String: Customers] = [:]
  /// How long a tenant's finished result holds quota while nobody takes it.
  public var deliveryLife: Milliseconds = 7 * 86_400_000
  /// The largest file by delivery profile, in bytes: what bots take as a chat service's upload
  /// limit. Services change theirs, so it can be written in the configuration.
  public var deliveryProfiles: [String: Int64] = ["discord": 26_214_400]
  /// What forms offer at most.
  public var forms = FormBounds()
  /// The spawned curl.
  public var curlPath = "/usr/bin/curl"
  /// Debug, info, notice, warning or error.
  public var logLevel = "info"

  /// The defaults.
  public init() {}

  /// Reads files, later ones laid over earlier ones, then every `providers.d/*.yaml` beside the first.
  /// - Returns: the configuration, or everything that is wrong with it.
  public static func load(_ files: [(name: String, bytes: [UInt8])]) -> (
    configuration: Configuration, errors: [ConfigurationError]
  ) {
    var root: YAMLNode?
    let errors = SectionReader.Errors()
    for file in files {
      do {
        let node = try YAMLReader.read(file.bytes, file: file.name)
        root = root?.merged(with: node) ?? node
      } catch {
        errors.list.append(error)
      }
    }
    guard let root, errors.list.isEmpty else { return (Configuration(), errors.list) }
    let configuration = Configuration(root: root, errors: errors)
    let inOrder = errors.list.sorted {
      ($0.place.file, $0.place.line, $0.place.column)
        < ($1.place.file, $1.place.line, $1.place.column)
    }
    return (configuration, inOrder)
  }

  private init(root: YAMLNode, errors: SectionReader.Errors) {
    let top = SectionReader(root, path: "", errors: errors)
    if top.int("version", 1...1) == nil, !top.has("version") {
      errors.add(top.place, "version is missing: write version: 1")
    }
    stateDirectory = top.string("state_dir") ?? stateDirectory
    pluginPath = top.strings("plugin_path") ?? pluginPath
    curlPath = top.string("curl") ?? curlPath
    if let listen = top.section("listen") { readListen(listen) }
    if let section = top.section("providers") {
      for (name, provider) in section.sections() { readProvider(name, provider) }
    }
    if let section = top.section("plugins") {
      for (name, plugin) in section.sections() {
        pluginHashes[name] = plugin.string("sha256")
        if plugin.bool("enabled") == false { disabledPlugins.insert(name) }
        plugin.finish()
      }
    }
    if let defaults = top.section("defaults") {
      defaultModel = defaults.string("model")
      defaults.finish()
    }
    if let section = top.section("routes") {
      for name in section.names {
        let models = section.strings(name)
        if models?.isEmpty == true { section.error(name, "must name at least one model") }
        routes[name] = models
        routePlaces[name] = section.place(of: name)
      }
    }
    if let limits = top.section("limits") {
      maxQueued = limits.int("max_queued", 0...10_000_000) ?? maxQueued
      clientConcurrency = limits.int("concurrency", 0...100_000) ?? clientConcurrency
      queueWait = limits.duration("max_queue_wait") ?? queueWait
      limits.finish()
    }
    if let budgets = top.section("budgets") {
      if let host = budgets.section("host") {
        hostBudget = host.money("usd_per_day")
        host.finish()
      }
      budgets.finish()
    }
    if let section = top.section("clients") { readClients(section) }
    if let doors = top.section("doors") { readDoors(doors) }
    if let retention = top.section("retention") {
      eventLife = retention.duration("events") ?? eventLife
      jobLife = retention.duration("jobs")
      retention.finish()
    }
    if let delivery = top.section("delivery") { readDelivery(delivery) }
    readForms(top)
    styles = top.styles()
    if let log = top.section("log") {
      logLevel = log.string("level") ?? logLevel
      log.finish()
    }
    top.finish()
  }

  private mutating func readDelivery(_ delivery: SectionReader) {
    deliveryLife = delivery.duration("ttl") ?? deliveryLife
    for (name, profile) in delivery.section("profiles")?.sections() ?? [] {
      deliveryProfiles[name] = profile.bytes("max_bytes")
      profile.finish()
    }
    delivery.finish()
  }

  private mutating func readListen(_ listen: SectionReader) {
    if let section = listen.section("unix") {
      unix.path = section.string("path") ?? unix.path
      if unix.path.utf8.count > 107 {
        section.error(
          "path", "a socket path has at most 107 bytes, this has \(unix.path.utf8.count)")
      }
      if let mode = section.string("mode") {
        if let bits = UInt32(mode, radix: 8), bits <= 0o777 {
          unix.mode = bits
        } else {
          section.error("mode", "must be octal such as \"0660\"")
        }
      }
      unix.group = section.string("group")
      section.finish()
    }
    if let section = listen.section("tcp") {
      let parts = (section.string("address") ?? "").split(separator: ":")
      let keys = section.string("keys_file")
      let origins = Self.origins(section)
      if parts.count == 2, parts[0] == "127.0.0.1" || parts[0] == "localhost",
        let port = UInt16(parts[1])
      {
        tcp = TCPListener(
          address: "127.0.0.1", port: port, keysFile: keys ?? "", crossOrigins: origins)
      } else {
        section.error("address", "must be a loopback address such as 127.0.0.1:8317")
      }
      if keys == nil {
        section.error("keys_file", "is missing: every uid of this host shares loopback")
      }
      section.finish()
    }
    listen.finish()
  }
}
