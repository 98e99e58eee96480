import Glibc
import KinoraAPI
import KinoraCore
import KinoraHTTP
import KinoraModel
import KinoraPluginHost
import KinoraStore
import KinoraSystem
import KinoraTransport

/// One life of the daemon: start, signals, drain.
actor Run {
  private let options: Options
  private var configuration: Configuration
  private let log: Log
  private let notify = Notify.system
  private let parts: Parts
  private let health: Health
  private let lists: ModelLists
  private var admin: Admin?
  private var sockets: [ListenSocket] = []
  private var background: [Task<Void, Never>] = []
  /// The question for models that the last reload asked.
  private var asking: Task<Void, Never>?
  /// What the files of the configuration were when they were read last, good or bad.
  private var fingerprint: String
  /// The reload under way. Signals and clients may ask at once; each gets one of its own, in turn.
  private var reloading: Task<[ConfigurationError], Never>?
  /// Paid submits under way are waited for this long when the daemon ends.
  private static let drainLimit: Milliseconds = 600_000
  /// How long clients get to take their answers.
  private static let serverDrainSeconds = 10.0

  init(
    _ options: Options, _ configuration: Configuration, fingerprint: String, log: Log,
    descriptors: UInt64
  ) async throws(KinoraError) {
    self.options = options
    self.configuration = configuration
    self.fingerprint = fingerprint
    self.log = log
    log(
      .info, "start", "kinorad \(Version.current) starts",
      ("state", configuration.stateDirectory), ("descriptors", "\(descriptors)"))
    // Before the first file in it: a folder that is another daemon's, or that cannot be trusted, is
    // left as it is.
    let directory = try StateDirectory(path: configuration.stateDirectory)
    // URLSession puts downloads into `$TMPDIR`: on the file system of the store they are renamed,
    // elsewhere copied.
    setenv("TMPDIR", try TransferFolder.prepare(in: directory), 1)
    let registry = try PluginRegistry(
      PluginRegistry.Options(
        folders: configuration.pluginPath, disabled: configuration.disabledPlugins,
        sha256: configuration.pluginHashes,
        stepping: directory.path + "/stepping"),
      clock: SystemClock())
    for plugin in registry.list() where plugin.state != .loaded {
      log(
        .warning, "plugin.refused", plugin.detail, ("plugin", plugin.name),
        ("state", plugin.state.rawValue))
    }
    lists = ModelLists(state: directory.path, registry: registry, log: log)
    let (settings, errors) = Settings.make(
      configuration, plugins: registry.list(), listed: lists.kept(configuration.providers))
    if let first = errors.first { throw KinoraError(.configuration, first.text) }
    for (name, why) in settings.absent {
      log(.warning, "provider.absent", why, ("provider", name))
    }
    let crash = TestSwitches.crashPoints(state: configuration.stateDirectory)
    parts = try await Parts.make(
      configuration, in: directory, registry: registry, settings: settings, crash: crash, log: log
    ) { error in
      // What is on disk is not known any more: end at once, say why, touch nothing.
      log(.critical, "store.failed", error)
      _exit(EX_IOERR)
    }
    health = Health(parts, notify)
  }

  /// Recovers, listens, and says that it is ready.
  func start() async throws(KinoraError) {
    let admin = Admin(
      parts: parts, health: health, configuration: configuration, log: log
    ) { [weak self] in
      await self?.reload() ?? []
    }
    self.admin = admin
    let keys = parts.keys
    let service = APIService(
      service: parts.service, admin: admin, artifacts: parts.state.artifacts,
      inputs: try UserURLFetcher(), clock: parts.clock, entropy: parts.entropy,
      ownUID: geteuid(), keys: { keys?.holder($0) })
    let server = HTTPServer(loop: parts.serverLoop, service: service)
    parts.server.set(server)
    sockets = try listen()
    let open = try await Recovery.run(parts, log: log)
    for socket in sockets {
      server.addListener(
        descriptor: socket.descriptor, name: socket.kind.rawValue,
        rules: socket.kind == .unix
          ? .unix : .loopback(crossOrigins: configuration.tcp?.crossOrigins ?? []),
        inherited: socket.isInherited)
      log(.info, "listen", "listening", ("kind", socket.kind.rawValue), ("name", socket.name))
    }
    do {
      try await server.start()
    } catch {
      throw KinoraError(.unavailable, "the server cannot start: \(error)")
    }
    notify.ready(status: await health.line())
    log(.info, "ready", "ready", ("open_jobs", "\(open)"))
    background = [
      Task { [health] in await health.run() },
      Task { [parts, log] in await Housekeeping.run(parts, admin, log: log) },
      Task { [weak self] in await self?.keepAsking() },
      Task { [weak self] in await self?.keepLooking() },
    ]
  }

  private func listen() throws(KinoraError) -> [ListenSocket] {
    let inherited = try ListenSocket.inherited()
    if inherited.contains(where: { $0.kind == .tcp }), parts.keys == nil {
      throw KinoraError(
        .configuration,
        "systemd passed a TCP socket, but listen.tcp.keys_file is not configured: every uid of "
          + "this host shares loopback", field: "listen.tcp.keys_file")
    }
    var sockets = inherited
    if !inherited.contains(where: { $0.kind == .unix }) {
      let unix = configuration.unix
      sockets.append(
        try ListenSocket.bindUnix(path: unix.path, mode: unix.mode, group: unix.group))
    }
    if let tcp = configuration.tcp, !inherited.contains(where: { $0.kind == .tcp }) {
      sockets.append(try ListenSocket.bindTCP("\(tcp.address):\(tcp.port)"))
    }
    return sockets
  }

  // MARK: Signals

  /// Answers to signals until one of them ends the daemon.
  func follow(_ signals: AsyncStream<DaemonSignal>) async {
    for await signal in signals {
      switch signal {
      case .reload: _ = await reload()
      case .terminate, .interrupt:
        await drain()
        return
      }
    }
  }

  /// Reloads when the files of the configuration are others than those that were read last.
  private func keepLooking() async {
    do throws(KinoraError) {
      for await _ in try ConfigurationFiles.changes(options.configurations) {
        guard !Task.isCancelled, admin?.isDraining != true else { return }
        let seen = ConfigurationFiles.fingerprint(options.configurations)
        guard seen != fingerprint else { continue }
        if let name = ConfigurationFiles.unfinished(options.configurations) {
          fingerprint = seen
          health.fault("reload: \(name) may be cut")
          log(
            .error, "reload.failed",
            "\(name) does not end with a line end, as a file that was cut; it is read by "
              + "`kinora reload` alone")
          continue
        }
        log(.info, "reload.changed", "a file of the configuration has changed")
        _ = await reload()
      }
    } catch {
      log(.notice, "reload.unwatched", "changes need a reload by hand: \(error.message)")
    }
  }

  /// Reads the configuration again. A bad one changes nothing; its errors are given back and logged.
  func reload() async -> [ConfigurationError] {
    let before = reloading
    let mine = Task {
      _ = await before?.value
      return await reloadNow()
    }
    reloading = mine
    return await mine.value
  }

  private func reloadNow() async -> [ConfigurationError] {
    notify.reloading()
    let before = configuration.json
    let errors = await applied()
    for error in errors { log(.error, "reload.failed", error.text) }
    if errors.isEmpty {
      let changes = ConfigurationChanges.list(before, configuration.json)
      for change in changes { log(.notice, "reload.change", change) }
      log(
        .notice, "reload.done", "the configuration is in force", ("changes", "\(changes.count)"))
      asking?.cancel()
      asking = Task { await askForModels() }
    } else {
      health.fault("reload: \(errors[0].text)")
    }
    notify.ready(status: await health.line())
    return errors
  }

  private func applied() async -> [ConfigurationError] {
    // Before the reading: what changes meanwhile is read again.
    fingerprint = ConfigurationFiles.fingerprint(options.configurations)
    let (fresh, errors) = Daemon.load(options)
    guard errors.isEmpty else { return errors }
    parts.registry.reload()
    let (settings, late) = Settings.make(
      fresh, plugins: parts.registry.list(), listed: lists.kept(fresh.providers))
    guard late.isEmpty else { return late }
    do throws(KinoraError) {
      try parts.transport.update(settings: settings.providers, catalogs: settings.catalogs)
      try parts.keys?.reload()
    } catch {
      let place = SourcePlace(file: options.configurations.first ?? "", line: 1, column: 1)
      return [ConfigurationError(place: place, message: error.message)]
    }
    await parts.service.apply(settings.policy(parts.transport))
    configuration = fresh
    admin?.take(fresh)
    return []
  }

  // MARK: Models

  private func keepAsking() async {
    var wait = ModelLists.firstWait
    while !Task.isCancelled {
      await parts.clock.sleep(untilSteady: parts.clock.steady() + wait)
      guard !Task.isCancelled else { return }
      await askForModels()
      wait = ModelLists.interval
    }
  }

  /// Asks the providers for their models and puts what is new in force, in turn with reloads.
  private func askForModels() async {
    let providers = configuration.providers
    guard await lists.ask(providers, parts.transport, now: parts.clock.now()) else { return }
    let before = reloading
    let mine = Task { () -> [ConfigurationError] in
      _ = await before?.value
      let (settings, errors) = Settings.make(
        configuration, plugins: parts.registry.list(), listed: lists.kept(configuration.providers))
      if errors.isEmpty { await parts.service.apply(settings.policy(parts.transport)) }
      return errors
    }
    reloading = mine
    _ = await mine.value
  }

  /// Ends without cutting anything that was begun or paid for.
  private func drain() async {
    log(.notice, "drain", "stopping")
    admin?.beginDrain()
    await parts.engine.beginDrain()
    notify.stopping(status: await health.line())
    parts.hub.close()
    let deadline = parts.clock.steady() + Self.drainLimit
    async let served: Void =
      parts.server.server?.drain(
        deadlineSeconds: Self.serverDrainSeconds) ?? ()
    await parts.engine.drain(deadline: deadline) { [notify] in notify.extendTimeout(15_000) }
    _ = await served
    for task in background { task.cancel() }
    asking?.cancel()
    parts.transport.shutdown()
    for socket in sockets { socket.removeFile() }
    await parts.state.close()
    log(.info, "end", "stopped")
  }
}
