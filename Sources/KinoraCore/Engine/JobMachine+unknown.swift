import KinoraModel

/// A paid request that may have arrived: repeated under its key, looked up, or left to a person.
extension JobMachine {
  /// Nobody knows whether the provider took it.
  mutating func unknown(_ why: String) {
    job.isClaimed = false
    job.paidStatus = nil
    job.record.failure = JobFailure(.heldForReview, HeldText.of(job.record, why))
    move(to: .submitUnknown)
    lookUp()
  }

  /// Looks for evidence, by the means that the catalog declares; without any it is a person's turn.
  mutating func lookUp() {
    let since = now - (job.record.intentAt ?? now)
    if mayRepeat(since: since) {
      effects.append(
        .wake(after: Pacing.backoff(failures: job.strikes, jitter: jitter)))
      job.strikes += 1
      return
    }
    if terms.reconcile != .none, since < Limits.unknownHoldsPlace {
      job.strikes += 1
      effects.append(
        .wake(
          after: pacing.wait(
            wish: Pacing.backoff(failures: job.strikes, jitter: 0.5), jitter: jitter)))
      return
    }
    // Why nobody knows was written down when it became so.
    guard let failure = job.record.failure else {
      return hold(.heldForReview, "nobody can know whether the provider took it")
    }
    hold(failure)
  }

  /// True while the same event makes the same request under a key that the provider still knows. A
  /// cancelled job is not repeated: the repeat could be what buys it.
  private func mayRepeat(since: Milliseconds) -> Bool {
    terms.dedupe == .key && job.record.paidEvent != nil && job.record.cancelRequestedAt == nil
      && since < Milliseconds(terms.keyLifeSeconds) * 1000
  }

  /// The moment of another look has come.
  mutating func lookAgain() {
    let since = now - (job.record.intentAt ?? now)
    if let event = job.record.paidEvent, mayRepeat(since: since) {
      job.record.pluginState = event.state
      job.phase = .begin
      effects.append(.step(event.isTimer ? .timer : .begin))
    } else if terms.reconcile != .none, since < Limits.unknownHoldsPlace {
      job.phase = .reconcile
      effects.append(.step(.reconcile))
    } else {
      lookUp()
    }
  }

  /// The plugin's word while the submit is unknown: about a repeat, or about a lookup.
  mutating func steppedUnknown(_ step: PluginStep) {
    switch step.verdict {
    case .send(let request) where request.isIdempotent:
      effects.append(.send(request, isPaid: false))
    case .send(let request):
      guard job.phase == .begin, terms.dedupe == .key else {
        return hold(.pluginFault, "the plugin wanted to pay again while looking the job up")
      }
      job.paidUnderWay = true
      effects.append(.send(request, isPaid: true))
    case .wait, .succeed:
      note("found", ["provider_id": JSON(job.record.handle)])
      job.record.failure = nil
      // As with the first answer: a result inside it is told once it is stored.
      if case .succeed(let result) = step.verdict, job.record.cancelRequestedAt == nil {
        return succeeded(result)
      }
      accepted()
      if job.record.cancelRequestedAt != nil { return cancelAccepted() }
      steppedAccepted(step)
    case .fail(let failure) where failure.code == .notFound && job.phase == .reconcile:
      note("absent", ["message": .string(failure.message)])
      guard terms.paidSends <= 1 else { return paidInPart(failure.message) }
      job.record.failure = nil
      if job.record.cancelRequestedAt != nil { return cancelUnsent() }
      requeue(nextAttempt: true, after: 0)
    case .fail, .unsupported: lookUp()
    }
  }
}
