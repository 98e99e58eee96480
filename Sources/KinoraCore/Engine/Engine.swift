import KinoraModel

/// Runs the jobs: takes inputs one at a time for each job, reduces them, commits, performs the effects.
///
/// Each job has a mailbox. What happens to it (an answer, its moment, a cancel) is an input in that
/// mailbox; a pump takes them out in order and waits for each commit before the effects that need it.
/// Exchanges with providers run beside the pump and come back as inputs, so nothing waits for a
/// network but the job itself.
public actor Engine {
  /// A class: as a value, looking at one would copy some forty references, and a table of them would
  /// have room for twice as many.
  final class Slot {
    var job: LiveJob
    var mailbox: [JobInput] = []
    var isPumping = false
    /// The place it occupies in the fair queue, as the queue knows it.
    var holdsPlace = false
    /// The exchange under way; a later one makes the answer of an earlier one void.
    var turn: UInt64 = 0
    var exchange: Task<Void, Never>?
    var permitTurn: UInt64 = 0
    var permitReply: CheckedContinuation<Bool, Never>?
    /// Its last change is not on disk and will not be: nothing more happens to it in this process.
    var isLost = false
    /// Those who wait for the next time the mailbox is empty.
    var watchers: [CheckedContinuation<Void, Never>] = []

    init(job: LiveJob) { self.job = job }
  }

  let parts: EngineParts
  var slots: [JobID: Slot] = [:]
  var fair: FairQueue
  var due = DueQueue()
  var index: ModelIndex
  var pacings: [String: Pacing] = [:]
  var gates: [String: String] = [:]
  var queuedByClient: [String: Int] = [:]
  var isPaused = false
  var isDraining = false
  var paidUnderWay = 0
  /// Results that are being taken from a file of this process.
  var storing = 0
  var turns: UInt64 = 0
  var alarm: Task<Void, Never>?
  var alarmAt: Milliseconds = .max
  var beats: UInt64 = 0

  /// An engine without jobs; `recover` brings in those of the store.
  public init(parts: EngineParts, index: ModelIndex, isPaused: Bool) {
    self.parts = parts
    self.index = index
    self.isPaused = isPaused
    fair = FairQueue(clientLimit: parts.clientLimit)
    for entry in index.entries {
      pacings[entry.settings.name] = Pacing(speed: entry.settings.pollSpeed)
      fair.setLimit(provider: entry.settings.name, entry.settings.maxConcurrent)
    }
  }

  // MARK: Inputs

  /// Puts an input into a job's mailbox.
  func deliver(_ id: JobID, _ input: JobInput) {
    guard slots[id] != nil else { return }
    slots[id]?.mailbox.append(input)
    guard slots[id]?.isPumping == false else { return }
    slots[id]?.isPumping = true
    Task { await pump(id) }
  }

  private func pump(_ id: JobID) async {
    while let slot = slots[id], !slot.mailbox.isEmpty {
      await apply(slot.mailbox.removeFirst(), to: id)
    }
    slots[id]?.isPumping = false
    let watchers = slots[id]?.watchers ?? []
    slots[id]?.watchers = []
    for watcher in watchers { watcher.resume() }
    forgetIfOver(id)
  }

  /// Reduces one input, makes it durable, performs what follows.
  func apply(_ input: JobInput, to id: JobID) async {
    guard let slot = slots[id], !slot.isLost else { return answerPermit(id, false) }
    let before = slot.job
    let reduction = JobMachine.reduce(before, input, circumstances(of: before.record.provider))
    slot.job = reduction.job
    account(id, before: before.record)
    if let change = reduction.change {
      do throws(KinoraError) {
        try await commit(change, reduction.job.record, mayWait: !input.isPermit)
      } catch {
        answerPermit(id, false)
        return await refused(input, error, before, id)
      }
    }
    if before.record.state != .completed { parts.timings.note(reduction.job.record) }
    dropSpools(of: before, after: reduction.job)
    for effect in reduction.effects { await perform(effect, id) }
  }

  func circumstances(of provider: String) -> JobMachine.Circumstances {
    JobMachine.Circumstances(
      now: parts.clock.now(), pacing: pacings[provider] ?? Pacing(speed: 1), jitter: jitter(),
      canStart: canStart(provider))
  }

  private func jitter() -> Double {
    let bytes = parts.entropy.bytes(2)
    return Double(UInt16(bytes[0]) << 8 | UInt16(bytes[1])) / 65_535
  }

  /// Returns when the change is on disk. A full disk took nothing: the change waits for space, unless
  /// the daemon ends first or somebody stands before an open connection. Throws what the store said.
  private func commit(_ change: StoreChange, _ record: JobRecord, mayWait: Bool)
    async throws(KinoraError)
  {
    crashBefore(record.state)
    parts.directory.stage(record)
    while true {
      do throws(KinoraError) {
        _ = try await parts.store.commit(change)
        break
      } catch {
        guard error.code == .storageFull, mayWait, !isDraining else {
          parts.directory.unstage(record.id)
          throw error
        }
        await parts.clock.sleep(untilSteady: parts.clock.steady() + 1000)
      }
    }
    parts.directory.settle(record)
    crashAfter(record.state, change)
  }

  /// The change is not on disk: memory must not run ahead of it.
  private func refused(
    _ input: JobInput, _ error: KinoraError, _ before: LiveJob, _ id: JobID
  ) async {
    let record = slots[id]?.job.record ?? before.record
    slots[id]?.job = before
    account(id, before: record)
    switch error.code {
    case .storageFull where input.isPermit: return
    case .storageFull, .unavailable:
      // The daemon ends. What is on disk is what the next start goes on from.
      slots[id]?.isLost = true
      if !isDraining { parts.onFatal(error) }
    case .storeFailed: parts.onFatal(error)
    default:
      // This one change is refused, the store is sound: a person must look, and only at this job.
      if case .stepFailed = input { return parts.onFatal(error) }
      // It was deleted meanwhile, and what it held with it.
      if input.isDelivery { return }
      await apply(.stepFailed(KinoraError(error.code, "not stored: \(error.message)")), to: id)
    }
  }

  private func crashBefore(_ state: JobState) {
    if state == .completed { parts.crash.pass("complete.before") }
  }

  private func crashAfter(_ state: JobState, _ change: StoreChange) {
    guard !change.events.isEmpty else { return }
    switch state {
    case .submitting: parts.crash.pass("permit.row")
    case .submitted: parts.crash.pass("submit.committed")
    case .ready, .fetching: parts.crash.pass("ready.committed")
    case .completed: parts.crash.pass("complete.committed")
    case .cancelled: parts.crash.pass("cancel.committed")
    case .held, .submitUnknown: parts.crash.pass("hold.committed")
    default: break
    }
  }

  // MARK: Places

  /// Keeps the fair queue's count of places in step with the job. The place that is freed is the one
  /// at the provider it had `before`: a route may have gone on to another one.
  private func account(_ id: JobID, before: JobRecord) {
    guard let slot = slots[id] else { return }
    let record = slot.job.record
    if (before.state == .queued) != (record.state == .queued) {
      queuedByClient[record.client, default: 0] += record.state == .queued ? 1 : -1
    }
    let holds = slot.job.holdsPlace && !unknownTooLong(record)
    guard holds != slot.holdsPlace else { return }
    slots[id]?.holdsPlace = holds
    if holds {
      fair.occupy(client: record.client, provider: record.provider)
    } else {
      for name in fair.free(client: record.client, provider: before.provider) { kick(name) }
    }
  }

  private func unknownTooLong(_ record: JobRecord) -> Bool {
    record.state == .submitUnknown
      && parts.clock.now() - (record.intentAt ?? 0) > Limits.unknownHoldsPlace
  }

  /// Starts what may start at a provider.
  func kick(_ provider: String) {
    guard canStart(provider) else { return }
    while let id = fair.next(provider: provider) {
      guard let slot = slots[id], slot.job.record.state == .queued else {
        // It ended a moment ago; this loop takes the next one, other providers are told.
        if let client = slots[id]?.job.record.client {
          for name in fair.free(client: client, provider: provider) where name != provider {
            kick(name)
          }
        }
        continue
      }
      slots[id]?.holdsPlace = true
      slots[id]?.job.isClaimed = true
      parts.crash.pass("claim")
      deliver(id, .claimed)
    }
  }

  private func forgetIfOver(_ id: JobID) {
    guard let slot = slots[id], !slot.isPumping, slot.mailbox.isEmpty, slot.exchange == nil,
      slot.job.record.state.isTerminal, slot.job.record.tailUntil == nil
    else { return }
    dropSpools(of: slot.job, after: nil)
    slots[id] = nil
    due.remove(id)
    fair.remove(id)
  }

  // MARK: Time

  func wake(_ id: JobID, after wait: Milliseconds) {
    var at = parts.clock.steady() + max(wait, 0)
    // Who waits for seconds does not feel a few milliseconds; many wake-ups become one.
    if wait >= Self.patience { at = (at / Self.beat + 1) * Self.beat }
    due.set(id, due: at)
    arm()
  }

  /// Waits from this long on end on a common beat. Both in milliseconds.
  private static let patience: Milliseconds = 4000
  private static let beat: Milliseconds = 40

  /// Sets the alarm for the earliest due job.
  func arm() {
    guard let next = due.next, next < alarmAt else { return }
    alarm?.cancel()
    alarmAt = next
    // Jobs that are due within a few milliseconds of each other share a wake-up.
    let at = max(next, parts.clock.steady() + 4)
    alarm = Task { [clock = parts.clock] in
      await clock.sleep(untilSteady: at)
      if !Task.isCancelled { self.ring() }
    }
  }

  private func ring() {
    alarmAt = .max
    // Whoever is due now is due again after the restart.
    guard !isDraining else { return }
    let now = parts.clock.steady()
    while let id = due.pop(now: now) { deliver(id, .timer) }
    arm()
  }
}
