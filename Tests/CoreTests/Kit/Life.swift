import KinoraCore
import KinoraModel

/// One life of the daemon: from its start to its crash. Everything the engine reaches goes through it,
/// and nothing goes through once it is over.
final class Life: @unchecked Sendable {
  let loop: SimLoop
  let clock: ManualClock
  let hub: EventHub
  private(set) var isAlive = true
  /// Out of 1000, at each point where a crash can be seen from outside.
  var crashPermille = 0
  /// The names of the points at which the engine passed, to prove that they are passed at all.
  var points: Set<String> = []
  var onCrash: () -> Void = {}

  init(_ loop: SimLoop, head: Int64) {
    self.loop = loop
    clock = ManualClock(loop)
    hub = EventHub(head: head, capacity: 64)
  }

  static let over = KinoraError(.storeFailed, "this life is over")

  /// A place where the power may go.
  func pass(_ point: String) {
    guard isAlive else { return }
    points.insert(point)
    if crashPermille > 0, loop.random.chance(crashPermille) { end() }
  }

  func end() {
    guard isAlive else { return }
    isAlive = false
    clock.stop()
    hub.close()
    onCrash()
  }
}

/// The store as one life of the daemon reaches it.
final class LifeStore: JobStore, @unchecked Sendable {
  private let life: Life
  private let store: MemoryStore
  private var lastDue: Milliseconds = 0
  /// The next commits that fail, as a disk does.
  var failures = 0

  /// Told of each commit before the followers are, as the daemon does.
  var directory: JobDirectory?
  /// Out of 1000 commits that find no space while faults happen.
  var fullPermille = 0
  var world: World?

  init(_ life: Life, _ store: MemoryStore) {
    self.life = life
    self.store = store
  }

  func commit(_ change: StoreChange) async throws(KinoraError) -> [JobEvent] {
    guard life.isAlive else { throw Life.over }
    guard failures == 0 else {
      failures -= 1
      throw KinoraError(.storeFailed, "fsync: Input/output error")
    }
    if world?.isFaulty(fullPermille) == true {
      throw KinoraError(.storageFull, "no space left on device")
    }
    // An fsync: members that come meanwhile are answered after it, in their order.
    lastDue = max(lastDue, life.loop.now + life.loop.random.within(0...3))
    let result: Result<[JobEvent], KinoraError> = await withUnsafeContinuation { continuation in
      life.loop.at(lastDue) { [self] in continuation.resume(returning: write(change)) }
    }
    return try result.get()
  }

  private func write(_ change: StoreChange) -> Result<[JobEvent], KinoraError> {
    life.pass("store.before")
    guard life.isAlive else { return .failure(Life.over) }
    let result: Result<[JobEvent], KinoraError>
    do throws(KinoraError) {
      result = .success(try store.apply(change))
    } catch {
      result = .failure(error)
    }
    life.pass("store.after")
    guard life.isAlive else { return .failure(Life.over) }
    if case .success(let events) = result {
      directory?.promote(events)
      life.hub.publish(events)
    }
    return result
  }

  func openJobs() async -> [JobRecord] {
    store.order.compactMap { store.records[$0] }.filter {
      !$0.state.isTerminal || $0.tailUntil != nil
    }
  }
  func job(_ id: JobID) async throws(KinoraError) -> JobRecord? {
    guard life.isAlive else { throw Life.over }
    return store.records[id]
  }
  func jobs(_ query: JobQuery) async -> JobPage {
    let rows = store.order.compactMap { store.records[$0] }.filter { row in
      (query.client == nil || row.client == query.client)
        && (query.states.isEmpty || query.states.contains(row.state))
    }
    return JobPage(jobs: Array(rows.prefix(query.limit)), hasMore: rows.count > query.limit)
  }
  func idempotent(client: String, key: String) async throws(KinoraError) -> (
    job: JobID, fingerprint: String
  )? {
    guard life.isAlive else { throw Life.over }
    return store.keys["\(client)\n\(key)"]
  }
  func recent(client: String, fingerprint: String, since: Milliseconds) async -> [JobID] {
    store.fingerprints.reversed().filter { row in
      row.client == client && row.fingerprint == fingerprint
        && (store.records[row.job]?.createdAt ?? 0) >= since
    }.map(\.job)
  }
  func events(after: Int64, upTo: Int64, job: JobID?, client: String?, limit: Int)
    async throws(KinoraError) -> [JobEvent]
  {
    guard life.isAlive else { throw Life.over }
    return store.events(after: after, upTo: upTo, job: job, client: client, limit: limit)
  }
  func head() async -> Int64 { store.head }
  func tail() async -> Int64 { 1 }
  func usage(day: String?, scopePrefix: String?) async -> [UsageRow] { [] }
  func evidence(_ id: JobID) async -> [EvidenceRow] { store.evidence[id] ?? [] }
  func moneyDifferences() async -> [String] { store.money.differences(Array(store.records.values)) }
  func ping() async {}
}

/// The journal, which survives.
final class MemoryIntents: @unchecked Sendable {
  private(set) var lines: [Intent] = []
  func append(_ intent: Intent) { lines.append(intent) }
  var keys: Set<String> {
    Set(lines.map { Engine.intentKey($0.job, attempt: $0.attempt, ordinal: $0.ordinal) })
  }
}

/// The journal as one life reaches it.
struct LifeIntents: IntentLog {
  let life: Life
  let intents: MemoryIntents

  func append(_ intent: Intent) async throws(KinoraError) {
    guard life.isAlive else { throw Life.over }
    await life.loop.sleep(life.loop.random.within(0...3))
    life.pass("journal.before")
    guard life.isAlive else { throw Life.over }
    intents.append(intent)
    life.pass("journal.after")
    guard life.isAlive else { throw Life.over }
  }
}
