import KinoraCore
import KinoraModel

/// A random world from one seed: providers with random terms, clients, wishes, cancels, faults,
/// crashes, and a person who decides about held jobs by what the provider's own list says.
struct Scenario: Sendable {
  /// What a run showed.
  struct Outcome: Sendable {
    var violations: [String]
    var jobs = 0
    var crashes = 0
    var creations = 0
    var points: Set<String> = []
    var ends: [JobState: Int] = [:]
    var steps = 0
    var trace: UInt64 = 0
    /// From the last fault to the last outward end, virtual milliseconds.
    var settledAfter: Milliseconds = 0
  }

  static let isOverAfter: Int64 = 120

  static func run(seed: UInt64) -> Outcome {
    let holder = Box<SimLoop?>(nil)
    let outcome = SimLoop.run(seed: seed) { loop -> Outcome in
      holder.value = loop
      return await Scenario().play(loop, seed)
    }
    var result = outcome ?? Outcome(violations: ["everything waits for ever, or turns for ever"])
    result.steps = holder.value?.steps ?? 0
    result.trace = holder.value?.trace ?? 0
    return result
  }

  private func play(_ loop: SimLoop, _ seed: UInt64) async -> Outcome {
    let rig = Rig(loop, seed: seed)
    setUp(rig)
    await rig.start()
    let count = 10 + loop.random.below(11)
    let follower = Follower(rig)
    let isOver = Box(false)
    let staff = Task { await operate(rig, until: isOver) }
    await withTaskGroup(of: Void.self) { group in
      for n in 0..<count {
        let wish = Wish(n, rig)
        group.addTask { await wish.pursue(rig) }
      }
      await group.waitForAll()
    }
    let calm = max(loop.now, rig.world.faultsUntil)
    let person = Task { await decide(rig) }
    isOver.value = true
    await staff.value
    let isLive = await rig.eventually(
      minutes: (calm - loop.now) / 60_000 + Self.isOverAfter, looking: 5000
    ) {
      rig.records.allSatisfy(\.state.isOutwardlyOver)
    }
    let settledAfter = max(0, loop.now - calm)
    // Then the tails: all money is closed in the end.
    let isClosed = await rig.eventually(minutes: 600, looking: 60_000) {
      rig.records.allSatisfy { $0.state.isTerminal && $0.tailUntil == nil }
    }
    person.cancel()
    var outcome = Outcome(violations: rig.violations(), jobs: count)
    outcome.settledAfter = settledAfter
    if !isLive { outcome.violations.append("some jobs do not end: \(open(rig))") }
    if isLive, !isClosed { outcome.violations.append("some money stays open: \(open(rig))") }
    if rig.records.count != count {
      outcome.violations.append("\(count) wishes, \(rig.records.count) jobs")
    }
    outcome.violations += truths(rig)
    outcome.violations += await idle(rig)
    outcome.violations += await follower.end()
    outcome.crashes = rig.crashes
    outcome.points = rig.points.union(rig.life.points)
    outcome.creations = rig.world.creations.count
    for record in rig.records { outcome.ends[record.state, default: 0] += 1 }
    return outcome
  }

  private func setUp(_ rig: Rig) {
    let random = { (count: Int) in rig.loop.random.below(count) }
    let world = rig.world
    world.faultsUntil = Int64(random(600)) * 1000
    world.faultPermille = [0, 20, 60, 150][random(4)]
    world.lostPermille = [0, 50, 300, 700][random(4)]
    world.refusedPermille = [0, 50, 300][random(3)]
    world.fates = [.success, .success, .success, .success, .failure, .never]
    world.missing = 0...random(3)
    rig.crashPermille = [0, 5, 20, 60][random(4)]
    rig.crashesLeft = 8
    rig.pluginFaultPermille = [0, 0, 5][random(3)]
    rig.fullPermille = [0, 0, 20][random(3)]
    rig.clientLimit = [0, 0, 1, 3][random(4)]
    rig.queueWait = [Limits.queueWait, Limits.queueWait, 120_000, 5000][random(4)]
    for name in ["a", "b", "c"].prefix(1 + random(3)) {
      var terms = SubmitTerms()
      let isInline = random(6) == 0
      terms.dedupe = random(3) == 0 ? .key : .none
      terms.reconcile = random(2) == 0 && !isInline ? .byTag : .none
      terms.bills = random(2) == 0 || isInline ? .accept : .success
      terms.cancel = random(2) == 0 ? .any : .none
      terms.deadlineSeconds = 300
      terms.assetLifeSeconds = 3600
      terms.keyLifeSeconds = [600, 86_400][random(2)]
      rig.provide(
        name, terms: terms, maxConcurrent: [0, 1, 4][random(3)], uploads: random(3) == 0,
        isInline: isInline, namesCost: !isInline && random(2) == 0)
    }
  }

  /// Looks at held jobs and says what the provider's list says.
  private func decide(_ rig: Rig) async {
    while !Task.isCancelled {
      await rig.loop.sleep(30_000)
      for record in rig.records where record.state == .held {
        let found = rig.world.creation(tag: record.seed)
        var say: Resolution = found.map { .adopt($0.id) } ?? .notCharged
        if rig.loop.random.chance(100) { say = .giveUp }
        let viewer = Viewer(principal: "uid:0", client: "uid:0", isAdmin: true)
        _ = try? await rig.service?.resolve(record.id, say, viewer)
      }
    }
  }

  /// Pauses, and restarts the orderly way.
  private func operate(_ rig: Rig, until isOver: Box<Bool>) async {
    while !isOver.value {
      await rig.loop.sleep(rig.loop.random.within(10_000...200_000))
      guard let running = rig.running else { continue }
      if rig.loop.random.chance(500) {
        await running.engine.setPaused(true)
        await rig.loop.sleep(rig.loop.random.within(0...20_000))
        await running.engine.setPaused(false)
      } else {
        await running.engine.drain(deadline: rig.loop.now + 120_000) {}
        rig.stop(running.engine)
      }
    }
    await rig.up().engine.setPaused(false)
  }

  private func open(_ rig: Rig) -> [String] {
    rig.records.filter { !$0.state.isTerminal || $0.tailUntil != nil }.map {
      "\($0.id) \($0.state) \($0.provider) \($0.failure?.message ?? $0.note ?? "")"
    }
  }

  /// What the provider made and billed against what we booked.
  private func truths(_ rig: Rig) -> [String] {
    var found: [String] = []
    for record in rig.records {
      let made = rig.world.creations.filter { $0.tag == record.seed }
      if made.count > 1 { found.append("\(record.id): bought \(made.count) times") }
      guard let settled = record.settled else { continue }
      if record.isUnconfirmed { continue }
      let bill = made.first.map { rig.world.bill($0, quote: record.quote.amount) } ?? .zero
      guard settled == bill else {
        found.append(
          "\(record.id) \(record.state): booked \(settled.dollars), the provider bills "
            + "\(bill?.dollars ?? "nothing yet") \(made)")
        continue
      }
      if record.state == .completed, record.artifacts.isEmpty {
        found.append("\(record.id): completed without a file")
      }
      if record.artifacts.contains(where: { !rig.files.stored.contains($0.sha256) }) {
        found.append("\(record.id): its file is not there")
      }
    }
    return found
  }

  /// Nothing is left in the engine's memory.
  private func idle(_ rig: Rig) async -> [String] {
    let up = await rig.up()
    await rig.loop.sleep(1000)
    let status = await up.engine.status()
    let left = status.running.values.reduce(0, +) + status.queued.values.reduce(0, +)
    var found: [String] = []
    if left != 0 || status.live != 0 || status.paidUnderWay != 0 {
      found.append("the engine still holds something: \(status)")
    }
    for record in rig.records where up.service.cached(record.id, .admin)?.record != record {
      if up.service.cached(record.id, .admin) != nil {
        found.append("\(record.id): memory and disk differ")
      }
    }
    return found
  }
}

extension Viewer {
  static let admin = Viewer(principal: "uid:0", client: "uid:0", isAdmin: true)
}

/// One wish of one client, repeated with its key until it is answered.
struct Wish: Sendable {
  private let submission: Submission
  private let at: Milliseconds
  private let cancelAfter: Milliseconds?

  init(_ n: Int, _ rig: Rig) {
    let provider = rig.loop.random.pick(rig.providers).name
    // Some leave it to the route which provider makes it.
    let model = rig.loop.random.chance(300) ? "any" : "\(provider)/clip"
    submission = rig.submission(
      client: "uid:\(rig.loop.random.below(3))", model: model, prompt: "wish \(n)",
      key: "key \(n)")
    at = rig.loop.random.within(0...120_000)
    cancelAfter =
      rig.loop.random.chance(300)
      ? rig.loop.random.within(0...[90_000, 10_000, 2000][rig.loop.random.below(3)]) : nil
  }

  func pursue(_ rig: Rig) async {
    await rig.loop.sleep(at)
    let id = await accept(rig)
    guard let cancelAfter else { return }
    await rig.loop.sleep(cancelAfter)
    let up = await rig.up()
    _ = try? await up.service.cancel(id, submission.viewer)
  }

  private func accept(_ rig: Rig) async -> JobID {
    var known: JobID?
    while true {
      let up = await rig.up()
      do throws(KinoraError) {
        let id = try await up.service.submit(submission).record.id
        if let known, known != id { rig.world.violations.append("one key, two jobs") }
        known = id
        // Some answers are lost on their way; the client asks again.
        if rig.loop.random.chance(850) { return id }
      } catch {
        let mayPass: [KinoraError.Code] = [.storeFailed, .draining, .queueFull, .storageFull]
        if !mayPass.contains(error.code) { rig.world.violations.append("refused: \(error)") }
      }
      await rig.loop.sleep(rig.loop.random.within(100...3000))
    }
  }
}

/// Reads the whole event log as a client does, cut off at random, and demands each event once.
final class Follower: @unchecked Sendable {
  private let rig: Rig
  private var task: Task<Void, Never>?
  private var last: Int64 = 0
  private var found: [String] = []

  init(_ rig: Rig) {
    self.rig = rig
    task = Task { await follow() }
  }

  private func follow() async {
    while !Task.isCancelled {
      let up = await rig.up()
      do throws(KinoraError) {
        let (events, upTo) = try await up.service.events(.all, after: last)
        for event in events {
          if event.seq != last + 1 { found.append("event \(event.seq) came after \(last)") }
          last = event.seq
        }
        last = max(last, upTo)
        if rig.loop.random.chance(100) { await rig.loop.sleep(20_000) }
        if events.isEmpty { await up.service.hub.wait(.all, after: last) }
      } catch {
        await rig.loop.sleep(500)
      }
      if !(rig.life.isAlive) { await rig.loop.sleep(500) }
    }
  }

  func end() async -> [String] {
    await rig.loop.sleep(60_000)
    task?.cancel()
    if last != rig.store.head { found.append("followed to \(last) of \(rig.store.head)") }
    return found
  }
}
