import KinoraCore
import KinoraModel

/// The job core with everything around it that a test needs: start it, crash it, start it again.
final class Rig: @unchecked Sendable {
  let loop: SimLoop
  let world: World
  let store = MemoryStore()
  let intents = MemoryIntents()
  let files = MemoryFiles()
  private let entropy: CountingEntropy
  var providers: [ProviderSettings] = []
  var catalogs: [String: Catalog] = [:]
  var clientLimit = 0
  var hostCap: MicroUSD?
  var queueWait = Limits.queueWait
  var maxQueued = 0

  /// Out of 1000 at each point, while faults happen.
  var crashPermille = 0
  var crashesLeft = 0
  var pluginFaultPermille = 0
  var fullPermille = 0
  private(set) var crashes = 0
  private(set) var points: Set<String> = []
  private(set) var life: Life
  private(set) var lifeStore: LifeStore
  private(set) var artifacts: FakeArtifacts
  private(set) var running: (engine: Engine, service: JobService)?
  /// Store failures and other ends that the engine asked for.
  private(set) var fatal: [KinoraError] = []

  init(_ loop: SimLoop, seed: UInt64) {
    self.loop = loop
    world = World(loop)
    entropy = CountingEntropy(seed: seed)
    life = Life(loop, head: 0)
    lifeStore = LifeStore(life, store)
    artifacts = FakeArtifacts(life, world, files)
  }

  /// A provider with one model, `NAME/clip`: 5 s at $0.10 a second.
  func provide(
    _ name: String, terms: SubmitTerms = SubmitTerms(), maxConcurrent: Int = 0,
    uploads: Bool = false, isInline: Bool = false, namesCost: Bool = false
  ) {
    var model = CatalogModel(id: "clip", name: "Clip", kinds: [.textToVideo])
    model.durations = .list([5])
    model.terms = terms
    model.prices = [
      CatalogPrice(per: .second, amount: MicroUSD(100_000), source: "test", date: "2026-11-21")
    ]
    catalogs["fake-\(name)"] = Catalog(
      hosts: ["world.test"], baseURL: "https://world.test", transport: .libcurl, credentials: [],
      sign: nil, pollMilliseconds: 10_000, models: [model])
    var settings = ProviderSettings(
      name: name, plugin: "fake-\(name)", baseURL: "https://world.test")
    settings.maxConcurrent = maxConcurrent
    settings.options = ["uploads": .bool(uploads)]
    providers.append(settings)
    world.providers[name] = World.Provider(
      terms: terms, isInline: isInline, namesCost: namesCost)
  }

  var index: ModelIndex {
    ModelIndex(providers: providers, catalogs: catalogs, defaultModel: nil)
  }

  /// Opens a life of the daemon with what the last one left on disk.
  func start() async {
    let life = Life(loop, head: store.head)
    life.onCrash = { [self] in ended(life) }
    self.life = life
    files.temporary = [:]
    lifeStore = LifeStore(life, store)
    artifacts = FakeArtifacts(life, world, files)
    let plugins = FakePlugins(life, world)
    plugins.faultPermille = pluginFaultPermille
    let limit = clientLimit
    let directory = JobDirectory { _ in [] }
    lifeStore.directory = directory
    lifeStore.world = world
    lifeStore.fullPermille = fullPermille
    let parts = EngineParts(
      plugins: plugins, transport: WorldTransport(life, world, store, intents, files),
      store: lifeStore, intents: LifeIntents(life: life, intents: intents), artifacts: artifacts,
      clock: life.clock, entropy: entropy, crash: CrashPoints { life.pass($0) },
      directory: directory, clientLimit: { _ in limit },
      onFatal: { [self] error in
        if life.isAlive { fatal.append(error) }
        life.end()
      })
    let engine = Engine(parts: parts, index: index, isPaused: false)
    var policy = JobService.Policy(index: index, maxQueued: maxQueued, hostCap: hostCap)
    policy.queueWait = queueWait
    policy.routes = ["any": providers.map { "\($0.name)/clip" }]
    let service = JobService(
      engine: engine, parts: parts, hub: life.hub, policy: policy,
      tenants: TenantBook(store: NoTenants()), digest: shortDigest,
      connectionIsOpen: { _ in false })
    let open = await lifeStore.openJobs()
    await engine.recover(open, intents: intents.keys)
    running = (engine, service)
    life.crashPermille = crashesLeft > 0 && loop.now < world.faultsUntil ? crashPermille : 0
  }

  /// The end of an orderly stop, unless that life is over already.
  func stop(_ engine: Engine) {
    guard running?.engine === engine else { return }
    crashesLeft += 1
    life.end()
  }

  /// The power goes; it is back a little later.
  private func ended(_ life: Life) {
    points.formUnion(life.points)
    crashes += 1
    crashesLeft -= 1
    running = nil
    loop.at(loop.now + loop.random.within(0...5000)) { [self] in Task { await start() } }
  }

  /// Both while the daemon is up.
  var engine: Engine? { running?.engine }
  var service: JobService? { running?.service }

  /// Those of the present life; a test that crashes nothing has them always.
  func up() async -> (engine: Engine, service: JobService) {
    while true {
      if let running { return running }
      await loop.sleep(100)
    }
  }

  var records: [JobRecord] { store.order.compactMap { store.records[$0] } }
  func record(_ id: JobID) -> JobRecord? { store.records[id] }

  func submission(
    client: String = "uid:1", model: String = "a/clip", prompt: String = "a boat",
    key: String? = nil, connection: UInt64 = 0, isRepeat: Bool = false
  ) -> Submission {
    var made = Submission(
      request: GenerationRequest(model: model, prompt: prompt),
      viewer: Viewer(principal: client, client: client, isAdmin: false), door: "videos", key: key)
    made.connection = connection
    made.isMarkedRepeat = isRepeat
    return made
  }

  /// Waits until the store says so. False after so many virtual minutes.
  func eventually(
    minutes: Int64 = 120, looking every: Milliseconds = 250, _ isTrue: () -> Bool
  ) async -> Bool {
    let end = loop.now + minutes * 60_000
    while !isTrue() {
      guard loop.now < end else { return false }
      await loop.sleep(every)
    }
    return true
  }

  /// Everything that must hold at any time.
  func violations() -> [String] {
    store.violations + world.violations + store.money.differences(records)
  }
}
