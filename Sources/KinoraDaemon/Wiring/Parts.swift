import KinoraAPI
import KinoraCore
import KinoraHTTP
import KinoraLoop
import KinoraModel
import KinoraPluginHost
import KinoraStore
import KinoraSystem
import KinoraTransport

/// The parts of a running daemon, made in the order of a request's way from the bottom up.
struct Parts: Sendable {
  let clock: SystemClock
  let entropy: SystemEntropy
  let state: DurableState
  let registry: PluginRegistry
  let transport: TransportPool
  let hub: EventHub
  let directory: JobDirectory
  let engine: Engine
  let service: JobService
  let serverLoop: EventLoop
  let server: ServerBox
  let keys: Keys?
  let timings: Timings

  /// Opens everything durable, loads the plugins, wires the rest. Nothing is served yet.
  static func make(
    _ configuration: Configuration, in folder: StateDirectory, registry: PluginRegistry,
    settings: Settings,
    crash: CrashPoints, log: Log, onFatal: @escaping @Sendable (KinoraError) -> Void
  ) async throws(KinoraError) -> Parts {
    let clock = SystemClock()
    let entropy = SystemEntropy()
    let hub = EventHub(head: 0)
    var options = DurableState.Options(
      path: configuration.stateDirectory, boot: entropy.bytes(8).hexadecimal, now: clock.now())
    options.directory = folder
    options.crash = crash
    options.faults = TestSwitches.faults()
    let directory = JobDirectory { JobRenderer.render($0, life: $1) }
    let state = try await DurableState.open(options) { events in
      directory.promote(events)
      hub.publish(events)
    }
    hub.start(after: await state.store.head())

    let transport = try makeTransport(configuration, state, entropy, crash, log)
    try transport.update(settings: settings.providers, catalogs: settings.catalogs)

    let policy = settings.policy(transport)
    let clients = policy.clients
    let parts = EngineParts(
      plugins: registry, transport: transport, store: state.store, intents: state.journal,
      artifacts: state.artifacts, clock: clock, entropy: entropy, crash: crash,
      directory: directory, clientLimit: { clients.concurrency($0) }, onFatal: onFatal)
    let engine = Engine(
      parts: parts, index: settings.index,
      isPaused: PauseMark(configuration.stateDirectory).isSet)
    let server = ServerBox()
    let service = JobService(
      engine: engine, parts: parts, hub: hub, policy: policy,
      tenants: TenantBook(store: state.store, known: try await state.store.tenants()),
      digest: Digest.sha256, connectionIsOpen: { server.isOpen($0) })
    return Parts(
      clock: clock, entropy: entropy, state: state, registry: registry, transport: transport,
      hub: hub, directory: directory, engine: engine, service: service,
      serverLoop: try started("kinora-http"), server: server,
      keys: try configuration.tcp.map { tcp throws(KinoraError) in
        try Keys(path: tcp.keysFile, clock: clock, log: log)
      }, timings: parts.timings)
  }

  private static func makeTransport(
    _ configuration: Configuration, _ state: DurableState, _ entropy: SystemEntropy,
    _ crash: CrashPoints, _ log: Log
  ) throws(KinoraError) -> TransportPool {
    let artifacts = state.artifacts
    let setup = TransportSetup(
      scratch: configuration.stateDirectory, spoolPath: { artifacts.temporaryPath() },
      credentialsDirectory: Environment["CREDENTIALS_DIRECTORY"], environment: Environment.all,
      entropy: entropy, curl: configuration.curlPath, points: crash, clock: SystemClock(),
      report: { log(.warning, "credentials.unkept", $0) })
    return try TransportPool(setup, loop: try started("kinora-curl"))
  }

  private static func started(_ name: String) throws(KinoraError) -> EventLoop {
    do {
      let loop = try EventLoop(name: name)
      try loop.start()
      return loop
    } catch {
      throw KinoraError(.unavailable, "the event loop \(name) cannot start: \(error)")
    }
  }
}
