import KinoraModel

/// From the queue to the provider's acceptance.
extension JobMachine {
  mutating func claim() {
    guard state == .queued, !job.paidUnderWay else { return }
    guard job.record.cancelRequestedAt == nil else { return cancelUnsent() }
    job.isClaimed = true
    job.phase = .begin
    job.record.notBefore = nil
    if job.record.ordinal == 0 { job.record.pluginState = [] }
    effects.append(.step(job.record.pluginState.isEmpty ? .begin : .timer))
  }

  /// The plugin's word before any permit.
  mutating func steppedQueued(_ step: PluginStep) {
    guard job.record.cancelRequestedAt == nil else { return cancelUnsent() }
    switch step.verdict {
    case .send(let request) where request.isIdempotent:
      effects.append(.send(request, isPaid: false))
    case .send(let request): sendPaid(request)
    case .wait(let milliseconds):
      effects.append(.wake(after: pacing.wait(wish: paced(milliseconds), jitter: jitter)))
    case .succeed(let result): succeeded(result)
    case .fail(let failure): refused(failure)
    case .unsupported:
      release()
      close(.failed, JobFailure(.pluginFault, "the plugin does not know how to begin a job"))
    }
  }

  mutating func sendPaid(_ request: ProviderRequest) {
    // One at a time: a second one beside it would make the first one's answer void.
    guard !job.paidUnderWay else { return }
    guard job.record.ordinal < terms.paidSends else {
      let message =
        "the plugin wants paid request \(job.record.ordinal + 1) of an attempt, "
        + "its catalog says \(terms.paidSends); that one was not sent"
      return hold(.pluginFault, message)
    }
    job.record.paidEvent = job.lastEvent
    job.paidUnderWay = true
    effects.append(.send(request, isPaid: true))
  }

  mutating func permitAsked() {
    let waiting = state == .queued || (state == .submitting && job.record.ordinal < terms.paidSends)
    // With a deduplicating provider the same request is repeated under the permit that it has.
    let repeating = state == .submitUnknown && job.paidUnderWay && terms.dedupe == .key
    guard waiting || repeating, job.record.cancelRequestedAt == nil, canStart else {
      effects.append(.refusePermit)
      return
    }
    if repeating {
      note("repeat", .object([]))
      effects.append(.journal)
      return
    }
    job.record.ordinal += 1
    job.record.intentAt = now
    job.record.note = nil
    note("permit", .object([]))
    move(to: .submitting)
    job.isClaimed = false
    effects.append(.journal)
  }

  mutating func paidAnswered(_ exchange: Exchange) {
    job.paidUnderWay = false
    job.record.transports["submit"] = "\(exchange.transport.rawValue) (\(exchange.reason))"
    switch exchange.outcome {
    case .failed(.no, let error):
      note("not_sent", exchange.evidence.setting("error", .string(error.message)))
      notSent(error)
    case .failed(.unknown, let error):
      note("failure", exchange.evidence.setting("error", .string(error.message)))
      unknown("the connection ended before a whole answer came: \(error.message)")
    case .response(let response):
      note("answer", exchange.evidence.setting("status", .integer(Int64(response.status))))
      answered(response)
    }
  }

  private mutating func notSent(_ error: KinoraError) {
    // A repeat that did not leave proves nothing about the first one.
    if state == .submitUnknown { return lookUp() }
    if job.hasPaid { return paidInPart(error.message) }
    if job.record.cancelRequestedAt != nil { return cancelUnsent() }
    // A stored input does not come back.
    if error.code == .artifactExpired {
      release()
      return close(.failed, JobFailure(.artifactExpired, "nothing was sent: \(error.message)"))
    }
    if canStart, reroute(error.message) { return }
    job.strikes += 1
    let wait = Pacing.backoff(
      failures: job.strikes, retryAfter: Milliseconds(error.retryAfter ?? 0) * 1000, jitter: jitter)
    let used = state == .submitting
    delayed(
      canStart
        ? "not sent: \(error.message); the next try comes by itself" : "waits: \(error.message)")
    requeue(nextAttempt: used, after: canStart ? wait : 0)
  }

  private mutating func answered(_ response: ProviderResponse) {
    if response.isHTML {
      effects.append(.edgeBlocked)
      return unknown(
        "an edge in front of the provider answered HTML with status \(response.status)")
    }
    if (300..<400).contains(response.status) {
      if state == .submitUnknown { return lookUp() }
      if job.hasPaid { return paidInPart("the provider redirected the next one") }
      release()
      let message = "the provider redirected the submit (\(response.status)); it is never followed"
      return close(.failed, JobFailure(.providerProtocol, message))
    }
    job.paidStatus = response.status
    job.paidWasJSON = response.isJSON
    if response.isJSON { effects.append(.providerAnswered) }
    job.spools = response.spools
    effects.append(.step(.response(response)))
  }

  /// The plugin's word about the answer to a paid request.
  mutating func steppedPaid(_ step: PluginStep, status: Int) {
    job.paidStatus = nil
    let isSuccess = (200..<300).contains(status)
    switch step.verdict {
    case .wait, .send, .succeed:
      guard isSuccess else {
        return unknown("the plugin took an answer with status \(status) for an acceptance")
      }
      if case .send(let request) = step.verdict, !request.isIdempotent {
        job.hasPaid = true
        return sendPaid(request)
      }
      // A result inside the answer is told once it is stored.
      if case .succeed(let result) = step.verdict { return succeeded(result) }
      accepted()
      steppedAccepted(step)
    case .fail(let failure):
      let byStatus = terms.definiteStatuses.contains(status) && job.paidWasJSON
      let byWords = isSuccess && job.paidWasJSON && failure.isProvidersWord
      if byStatus || byWords { return refused(failure) }
      unknown("the answer with status \(status) proves nothing: \(failure.message)")
    case .unsupported: unknown("the plugin could not read the answer with status \(status)")
    }
  }

  /// Beginning anew would buy the first part again, and nothing is free any more.
  mutating func paidInPart(_ why: String) {
    hold(.heldForReview, "a paid request before this one was accepted: \(why)")
  }

  mutating func accepted() {
    job.hasPaid = false
    job.strikes = 0
    job.doubts = 0
    job.phase = .begin
    job.record.refusals = 0
    job.record.submittedAt = now
    job.record.note = nil
    job.record.deadlineAt = now + Milliseconds(terms.deadlineSeconds) * 1000
    move(to: .submitted)
  }

  /// The provider definitely did not take it.
  mutating func refused(_ failure: PluginFailure) {
    note("refused", ["message": .string(failure.message)])
    if job.hasPaid { return paidInPart(failure.message) }
    if job.record.cancelRequestedAt != nil { return cancelUnsent() }
    // What one provider's filter refuses is not offered to the next one.
    if failure.code != .refused, reroute(failure.message) { return }
    job.record.refusals += 1
    guard failure.isRetryable, job.record.refusals < 50, now < job.record.queueUntil else {
      release()
      return close(.failed, JobFailure(failure.endCode, failure.message))
    }
    let wait = Pacing.backoff(
      failures: job.record.refusals, retryAfter: Milliseconds(failure.retryAfter), jitter: jitter)
    delayed("the provider asked to wait: \(failure.message)")
    requeue(nextAttempt: state == .submitting, after: wait)
  }
}
