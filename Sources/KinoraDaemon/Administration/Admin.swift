import KinoraAPI
import KinoraCore
import KinoraModel
import KinoraPluginHost
import KinoraStore
import KinoraSystem
import KinoraTransport
import Synchronization

/// What the daemon answers for itself at the front door.
final class Admin: AdminPort {
  let parts: Parts
  let health: Health
  private let log: Log
  private let current: Mutex<Configuration>
  private let draining = Atomic<Bool>(false)
  private let reloader: @Sendable () async -> [ConfigurationError]

  /// `reload` puts a fresh configuration in force or says what is wrong with it.
  init(
    parts: Parts, health: Health, configuration: Configuration, log: Log,
    reload: @escaping @Sendable () async -> [ConfigurationError]
  ) {
    self.parts = parts
    self.health = health
    self.log = log
    current = Mutex(configuration)
    reloader = reload
  }

  /// A new configuration is in force.
  func take(_ configuration: Configuration) { current.withLock { $0 = configuration } }

  /// The daemon begins to stop.
  func beginDrain() { draining.store(true, ordering: .relaxed) }

  /// The configuration in force.
  var inForce: Configuration { current.withLock { $0 } }

  var isDraining: Bool { draining.load(ordering: .relaxed) }

  var version: VersionFacts {
    VersionFacts(version: Version.current, abi: "1.1", schema: parts.state.store.schemaVersion)
  }

  func report(_ error: KinoraError, requestID: String) {
    log(.error, "request.failed", error, ("request", requestID))
  }

  func plugins() -> [PluginInfo] { parts.registry.list() }

  func configuration() -> JSON { inForce.json }

  func reload() async -> [KinoraError] {
    await reloader().map { KinoraError(.configuration, $0.text) }
  }

  func setPaused(_ paused: Bool) async throws(KinoraError) {
    // The mark first: a pause that a restart forgets is none.
    try PauseMark(inForce.stateDirectory).set(paused)
    await parts.engine.setPaused(paused)
  }

  func providers() -> [ProviderFacts] {
    let index = parts.service.policy.index
    return inForce.providers.map { settings in
      let entry = index.entries.first { $0.settings.name == settings.name }
      let choice = parts.transport.choice(provider: settings.name)
      return ProviderFacts(
        name: settings.name, plugin: settings.plugin,
        baseURL: entry?.settings.baseURL ?? settings.baseURL, isEnabled: settings.isEnabled,
        problem: index.absent[settings.name],
        configuredTransport: settings.transport?.rawValue ?? "auto",
        effectiveTransport: choice?.kind ?? .urlsession, transportReason: choice?.reason ?? "",
        credentials: credentials(entry?.settings ?? settings, entry?.catalog),
        maxConcurrent: settings.maxConcurrent,
        warning: parts.transport.warning(provider: settings.name))
    }
  }

  private func credentials(_ settings: ProviderSettings, _ catalog: Catalog?)
    -> [ProviderFacts.Credential]
  {
    (catalog?.credentials ?? []).map { credential in
      let source =
        switch settings.credentials[credential.name] {
        case .file(let path): "file \(path)"
        case .folder(let path, let match): "folder \(path)/\(match)"
        case .systemd(let name): "systemd \(name)"
        case .environment(let name): "env \(name)"
        case nil:
          (credential.isRequired ? "not configured" : "not configured (not needed)")
            + (credential.environment.isEmpty
              ? "" : "; as env: \(credential.environment.joined(separator: ", "))")
        }
      return ProviderFacts.Credential(
        name: credential.name, source: source,
        isFound: (try? parts.transport.credentials(provider: settings.name)?.secret(
          credential.name)) != nil)
    }
  }
}
