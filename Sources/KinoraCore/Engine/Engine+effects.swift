import KinoraModel

/// Performing what the rules decided. Commits are on disk already.
extension Engine {
  func perform(_ effect: JobEffect, _ id: JobID) async {
    switch effect {
    case .step(let kind): await step(id, kind)
    case .send(let request, let isPaid): send(id, request, isPaid: isPaid)
    case .wake(let wait): wake(id, after: wait)
    case .enqueue: enqueue(id)
    case .fetch(let asset): fetch(id, asset)
    case .journal: await journal(id)
    case .refusePermit: answerPermit(id, false)
    case .interrupt: interrupt(id)
    case .edgeBlocked: if let slot = slots[id] { degrade(slot.job.record.provider) }
    case .cool(let model, let why): parts.cooldowns.add(model, why, now: parts.clock.now())
    case .providerAnswered: if let slot = slots[id] { recovered(slot.job.record.provider) }
    }
  }

  private func enqueue(_ id: JobID) {
    guard let slot = slots[id], slot.job.record.state == .queued else { return }
    let record = slot.job.record
    let now = parts.clock.now()
    if let at = record.notBefore, at > now {
      wake(id, after: min(at, record.queueUntil) - now)
      return
    }
    wake(id, after: record.queueUntil - now)
    fair.add(id, client: record.client, provider: record.provider)
    if let why = gates[record.provider] { deliver(id, .mustWait(why)) }
    kick(record.provider)
  }

  // MARK: Plugin

  private func step(_ id: JobID, _ kind: PluginEvent.Kind) async {
    guard let slot = slots[id] else { return }
    let job = slot.job
    let record = job.record
    // A repeat under a deduplicating key is made from the very event that made the first request.
    let isRepeat = record.state == .submitUnknown && job.phase == .begin && job.adopting == nil
    let original = isRepeat ? record.paidEvent : nil
    let now = original?.now ?? parts.clock.now()
    switch kind {
    case .begin, .timer:
      slots[id]?.job.lastEvent = PaidEvent(
        isTimer: kind.isTimer, now: now, state: record.pluginState)
    default: slots[id]?.job.lastEvent = nil
    }
    let settings = index.entry(provider: record.provider, model: record.model)?.settings
    let event = PluginEvent(
      kind: kind, phase: job.phase, attempt: record.attempt,
      ordinal: original == nil ? record.ordinal : max(0, record.ordinal - 1), now: now,
      seed: record.seed.hexadecimalBytes ?? [], job: PluginJob.json(record),
      config: settings?.pluginConfig ?? Array("{}".utf8), state: record.pluginState)
    if record.state == .queued { parts.crash.pass("step.begin") }
    let next: JobInput
    do throws(KinoraError) {
      guard settings != nil else {
        throw KinoraError(
          .unavailable,
          "\(record.provider)/\(record.model) is not configured or its plugin is not loaded")
      }
      next = .stepped(try await parts.plugins.step(plugin: record.plugin, event: event))
    } catch {
      next = .stepFailed(error)
    }
    // Nothing may come between a step and its word.
    await apply(next, to: id)
  }

  // MARK: Permit

  /// Called by a transport before the first byte of a paid request.
  func askPermit(_ id: JobID, turn: UInt64) async -> Bool {
    guard let slot = slots[id], slot.turn == turn, slot.permitTurn != turn else { return false }
    slots[id]?.permitTurn = turn
    parts.crash.pass("permit.asked")
    return await withCheckedContinuation { continuation in
      slots[id]?.permitReply = continuation
      deliver(id, .permitAsked)
    }
  }

  private func journal(_ id: JobID) async {
    guard let record = slots[id]?.job.record else { return }
    do {
      try await parts.intents.append(
        Intent(
          record: record, isRepeat: record.state == .submitUnknown, at: parts.clock.now()))
    } catch {
      // Without its line the permit is void; with a full disk that is all that is known to be wrong.
      if error.code == .storageFull { return answerPermit(id, false) }
      parts.onFatal(error)
      return
    }
    parts.crash.pass("permit.journal")
    // A cancel that came while the disk worked still wins: not a byte has left.
    if let at = slots[id]?.mailbox.firstIndex(where: { $0.isCancel }),
      let cancel = slots[id]?.mailbox.remove(at: at)
    {
      await apply(cancel, to: id)
      answerPermit(id, false)
    } else {
      answerPermit(id, true)
    }
  }

  func answerPermit(_ id: JobID, _ answer: Bool) {
    let reply = slots[id]?.permitReply
    slots[id]?.permitReply = nil
    reply?.resume(returning: answer)
  }
}

extension PluginEvent.Kind {
  var isTimer: Bool { if case .timer = self { true } else { false } }
}

extension JobInput {
  var isPermit: Bool { if case .permitAsked = self { true } else { false } }
  var isDelivery: Bool {
    switch self {
    case .delivered, .undelivered: true
    default: false
    }
  }
  var isCancel: Bool { if case .cancelAsked = self { true } else { false } }
}
