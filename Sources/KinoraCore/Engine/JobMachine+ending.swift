import KinoraModel

/// Cancelling, expiring, tails, a person's decision, and the first look after a restart.
extension JobMachine {
  mutating func cancelAsked() {
    guard job.record.cancelRequestedAt == nil || state == .queued else { return }
    job.record.cancelRequestedAt = job.record.cancelRequestedAt ?? now
    switch state {
    case .draft, .queued:
      // Between the claim and the permit the transport is refused, and that answer ends the job.
      if job.paidUnderWay { say("job.cancel_requested") } else { cancelUnsent() }
    case .submitting, .submitUnknown: say("job.cancel_requested")
    case .submitted, .running: cancelAccepted()
    case .ready, .fetching, .completed, .failed, .cancelled, .expired, .held:
      job.record.cancelRequestedAt = nil
    }
  }

  mutating func cancelUnsent() {
    effects.append(.interrupt)
    release()
    close(.cancelled, JobFailure(.cancelled, "cancelled before anything was sent"))
  }

  /// The provider has it. Outwardly it is over; the money stays open until the provider's end.
  mutating func cancelAccepted() {
    effects.append(.interrupt)
    // A result that waits for space is not stored any more; the tail hears of it once more.
    job.unstored = []
    openTail()
    close(
      .cancelled,
      JobFailure(
        .cancelled,
        terms.cancel == .none
          ? "cancelled; the provider cannot be told and may charge it"
          : "cancelled; the provider was told and may charge what it made"))
    guard terms.cancel != .none else {
      effects.append(.wake(after: Limits.tailPoll))
      return
    }
    job.phase = .cancel
    effects.append(.step(.cancel))
  }

  mutating func expire() {
    openTail()
    close(
      .expired,
      JobFailure(
        .expired,
        "the provider did not finish it within \(terms.deadlineSeconds) s; a late result is still "
          + "taken until \(UTC.timestamp(job.record.tailUntil ?? now))"))
    effects.append(.wake(after: Limits.tailPoll))
  }

  private mutating func openTail() {
    let life = Milliseconds(max(terms.assetLifeSeconds, 600)) * 1000
    job.record.tailUntil = job.record.tailUntil ?? now + life
  }

  mutating func tail() {
    guard let until = job.record.tailUntil else { return }
    guard now < until else {
      job.record.tailUntil = nil
      settle(job.record.quote.amount, unconfirmed: true)
      say("job.tail_ended")
      return
    }
    poll()
  }

  /// The plugin's word about a job that is outwardly over.
  mutating func steppedTail(_ step: PluginStep) {
    guard job.record.tailUntil != nil else { return }
    switch step.verdict {
    case .send(let request) where request.isIdempotent:
      effects.append(.send(request, isPaid: false))
    case .wait(let milliseconds):
      // Right after a cancel the provider's end is near: one look at the usual pace.
      let usual = pacing.wait(wish: Milliseconds(milliseconds), jitter: jitter)
      let wait = job.phase == .cancel ? usual : max(Limits.tailPoll, usual)
      job.phase = .begin
      effects.append(.wake(after: wait))
    case .succeed(let result):
      if state == .expired {
        job.record.endedAt = nil
        return succeeded(result)
      }
      if let cost = (try? JSON.parse(result))?["cost_microusd"]?.integer, cost >= 0 {
        job.record.providerCost = MicroUSD(cost)
      }
      endTail()
      settle(
        job.record.providerCost ?? job.record.quote.amount,
        unconfirmed: job.record.providerCost == nil)
      say("job.tail_ended")
    case .fail(let failure)
    where failure.isProvidersWord && !failure.isRetryable && failure.code != .unauthenticated
      && job.phase != .cancel:
      endTail()
      failure.code == .notFound ? endForgotten() : endUnsuccessful()
      say("job.tail_ended")
    case .send, .fail, .unsupported:
      job.phase = .begin
      effects.append(.wake(after: Limits.tailPoll))
    }
  }

  private mutating func endTail() { job.record.tailUntil = nil }

  mutating func resolved(_ resolution: Resolution) {
    // A repeat on the wire will bring its own word.
    guard state == .held || state == .submitUnknown, !job.paidUnderWay else { return }
    effects.append(.interrupt)
    switch resolution {
    case .adopt(let handle):
      job.adopting = handle
      job.phase = .begin
      effects.append(.step(.adopt(handle: handle)))
    case .notCharged:
      note("resolved", ["action": "not_charged"])
      job.record.failure = nil
      job.record.note = nil
      job.record.endedAt = nil
      job.record.refusals = 0
      job.record.cancelRequestedAt = nil
      job.record.queueUntil = now + Limits.queueWait
      requeue(nextAttempt: true, after: 0)
    case .giveUp:
      note("resolved", ["action": "give_up"])
      settle(job.record.quote.amount, unconfirmed: true)
      close(
        .failed,
        JobFailure(.heldForReview, "given up: booked as spent, never confirmed by the provider"))
    }
  }

  /// The plugin's word about an id that a person named.
  mutating func adopted(_ step: PluginStep, _ handle: String) {
    job.adopting = nil
    switch step.verdict {
    case .wait, .succeed, .send:
      note("resolved", ["action": "adopt", "provider_id": .string(handle)])
      job.record.handle = handle
      job.record.failure = nil
      job.record.endedAt = nil
      job.record.cancelRequestedAt = nil
      accepted()
      job.record.adoptedAt = now
      steppedAccepted(step)
    case .fail(let failure):
      job.record.failure = JobFailure(
        .heldForReview,
        HeldText.of(unnamed, "the plugin cannot adopt \(handle): \(failure.message)"))
      notAdopted()
    case .unsupported:
      job.record.failure = JobFailure(
        .notSupported,
        HeldText.of(
          job.record, "this provider's plugin cannot adopt a job by its id", adopts: false))
      notAdopted()
    }
  }

  /// No poll finds what a person named: a slip of the pen says nothing about the money.
  mutating func holdAgain(_ message: String) {
    let named = job.record.handle ?? "the id"
    job.record.adoptedAt = nil
    job.record.handle = nil
    hold(.heldForReview, "the provider does not know \(named), which was to be adopted: \(message)")
  }

  /// The job without the id that did not help.
  private var unnamed: JobRecord {
    var record = job.record
    record.handle = nil
    return record
  }

  private mutating func notAdopted() {
    // The lookup that the person's word interrupted goes on.
    if state == .submitUnknown { lookUp() } else { say("job.held") }
  }

  mutating func recovered(hasIntent: Bool) {
    switch state {
    case .queued where hasIntent:
      job.record.ordinal += 1
      job.record.intentAt = now
      unknown("the journal knows a permit that the database does not")
    case .queued where job.record.cancelRequestedAt != nil: cancelUnsent()
    case .queued: effects.append(.enqueue)
    case .submitting: unknown("the daemon ended while the paid request was under way")
    case .submitUnknown: lookUp()
    case .submitted, .running:
      effects.append(.wake(after: Milliseconds(Double(2000) * jitter)))
    case .ready, .fetching: effects.append(.wake(after: Milliseconds(Double(500) * jitter)))
    case .expired, .cancelled:
      if job.record.tailUntil != nil {
        effects.append(.wake(after: Milliseconds(Double(Limits.tailPoll) * jitter)))
      }
    case .draft, .completed, .failed, .held: break
    }
  }
}
