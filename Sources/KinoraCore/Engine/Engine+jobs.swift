public import KinoraModel

/// The life of the engine and what the job service asks of it.
extension Engine {
  /// Brings in the open jobs of the store. `intents` are the permits the journal knows, as
  /// `(job, attempt, ordinal)` keys made by `Engine.intentKey`.
  public func recover(_ records: [JobRecord], intents: Set<String>) {
    for record in records {
      slots[record.id] = Slot(job: LiveJob(record: record))
      parts.directory.put(record)
      if record.state == .queued { queuedByClient[record.client, default: 0] += 1 }
      if record.state.holdsPlace {
        slots[record.id]?.holdsPlace = true
        fair.occupy(client: record.client, provider: record.provider)
      }
    }
    for record in records {
      let next = Self.intentKey(record.id, attempt: record.attempt, ordinal: record.ordinal + 1)
      // A person may have begun the next attempt where this one never came to a permit.
      let later = Self.intentKey(record.id, attempt: record.attempt + 1, ordinal: 1)
      let isKnown = intents.contains(next) || intents.contains(later)
      deliver(record.id, .recovered(hasIntent: isKnown))
    }
  }

  /// One permit's name.
  public static func intentKey(_ job: JobID, attempt: Int, ordinal: Int) -> String {
    "\(job.rawValue)/\(attempt)/\(ordinal)"
  }

  /// Accepts a new job: one transaction with its reservation, then its turn. Throws `budgetExceeded`,
  /// `quotaExceeded`, `idempotencyConflict`, `queueFull`, `draining` or `storeFailed`.
  public func accept(
    _ record: JobRecord, key: String?, fingerprint: String, scopes: [BudgetScope], maxQueued: Int,
    quota: QuotaMove? = nil
  ) async throws(KinoraError) -> JobRecord {
    guard !isDraining else {
      throw KinoraError(.draining, "kinorad is stopping", retryAfter: 2)
    }
    guard maxQueued == 0 || (queuedByClient[record.client] ?? 0) < maxQueued else {
      throw KinoraError(
        .queueFull, "\(maxQueued) jobs of \(record.client) wait already", retryAfter: 30)
    }
    // Counted before the commit, so that parallel requests cannot pass the limit together.
    queuedByClient[record.client, default: 0] += 1
    var made = record
    made.sequence = 1
    made.reserved = made.dearest
    var change = StoreChange()
    change.insert = made
    change.idempotencyKey = key
    change.fingerprint = fingerprint
    change.money = .reserve(
      day: UTC.day(made.createdAt), amount: made.dearest, scopes: scopes)
    change.quota = quota
    change.events = [
      StoreChange.NewEvent(
        number: 1, at: made.createdAt, type: "job.queued",
        data: EventData.of(made, at: made.createdAt))
    ]
    parts.crash.pass("accept.before")
    parts.directory.stage(made)
    do {
      _ = try await parts.store.commit(change)
    } catch {
      queuedByClient[record.client, default: 0] -= 1
      parts.directory.unstage(made.id)
      if error.code == .storeFailed { parts.onFatal(error) }
      throw error
    }
    parts.directory.settle(made)
    parts.crash.pass("accept.committed")
    slots[made.id] = Slot(job: LiveJob(record: made))
    await perform(.enqueue, made.id)
    return made
  }

  /// Jobs of a client that wait for their turn.
  public func queued(_ client: String) -> Int { queuedByClient[client] ?? 0 }

  /// Hands a cancel or a resolution to a job and waits until it was worked on. False when the job is
  /// not live.
  public func tell(_ id: JobID, _ input: JobInput) async -> Bool {
    guard slots[id] != nil else { return false }
    await withCheckedContinuation { continuation in
      slots[id]?.watchers.append(continuation)
      deliver(id, input)
    }
    return true
  }

  /// The same for a job that is over, which comes back for this one input. It must be in the
  /// directory, whose version is the last that was committed.
  public func tellEnded(_ id: JobID, _ input: JobInput) async {
    if slots[id] == nil {
      guard let record = parts.directory.get(id)?.record, record.state.isTerminal else { return }
      slots[id] = Slot(job: LiveJob(record: record))
    }
    _ = await tell(id, input)
  }

  /// Forgets a job that is over, so that it can be deleted. False while it is live.
  public func forget(_ id: JobID) -> Bool { slots[id] == nil }

  /// Jobs that wait in front of this one at its provider cannot be counted cheaply; how many wait there
  /// can.
  public func waitingAt(_ provider: String) -> Int { fair.waitingCount(provider: provider) }

  /// From here on no job is claimed, no permit given and no job accepted.
  public func beginDrain() { isDraining = true }

  /// Stops: no claims, no permits; repeatable exchanges are cut; paid ones are waited for until the
  /// steady clock shows `deadline`. `extend` is called about every 5 s while waiting.
  public func drain(deadline: Milliseconds, extend: @Sendable () -> Void) async {
    isDraining = true
    alarm?.cancel()
    for (_, slot) in slots where !slot.job.paidUnderWay && slot.job.unstored.isEmpty {
      slot.exchange?.cancel()
    }
    var turn = 0
    while paidUnderWay > 0 || storing > 0 || slots.values.contains(where: \.isPumping),
      parts.clock.steady() < deadline
    {
      if turn % 100 == 0 { extend() }
      turn += 1
      await parts.clock.sleep(untilSteady: parts.clock.steady() + 50)
    }
  }
}
