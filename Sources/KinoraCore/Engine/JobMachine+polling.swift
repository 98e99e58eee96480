import KinoraModel

/// From acceptance to the provider's end.
extension JobMachine {
  mutating func wake() {
    // A transport holds the request and may ask for its permit: a second one beside it would make
    // the first one's answer void.
    guard !job.paidUnderWay else { return }
    if !job.unstored.isEmpty {
      // A result that came inside an answer waits for space.
      effects.append(.fetch(job.unstored[job.record.artifacts.count % job.unstored.count]))
      return
    }
    switch state {
    case .queued:
      if now >= job.record.queueUntil {
        effects.append(.interrupt)
        release()
        close(
          .expired,
          JobFailure(
            .expired,
            "it waited longer than its queue allows: "
              + (job.record.note ?? "no place became free")))
      } else if job.isClaimed {
        effects.append(.step(job.record.pluginState.isEmpty ? .begin : .timer))
      } else {
        effects.append(.enqueue)
      }
    case .submitted, .running:
      if let deadline = job.record.deadlineAt, now >= deadline { return expire() }
      poll()
    case .expired, .cancelled:
      // While the provider is being told of a cancel, the moment of the poll before it is void: a poll
      // between would take the answers that the telling waits for.
      if job.phase != .cancel { tail() }
    case .submitUnknown: lookAgain()
    case .ready, .fetching: fetchNext()
    case .draft, .submitting, .completed, .failed, .held: break
    }
  }

  mutating func poll() {
    job.phase = .begin
    effects.append(.step(.timer))
  }

  mutating func stepped(_ step: PluginStep) {
    if let saved = step.state { job.record.pluginState = saved }
    if let handle = step.handle { job.record.handle = handle }
    if let handle = job.adopting { return adopted(step, handle) }
    if let status = job.paidStatus, state == .submitting {
      return steppedPaid(step, status: status)
    }
    if let status = job.paidStatus, state == .submitUnknown {
      job.paidStatus = nil
      return steppedRepeat(step, status: status)
    }
    switch state {
    case .queued: steppedQueued(step)
    case .submitted, .running: steppedAccepted(step)
    case .submitUnknown: steppedUnknown(step)
    case .expired, .cancelled: steppedTail(step)
    // The step was under way when a person or a deadline ended the job: its word comes too late.
    case .draft, .submitting, .ready, .fetching, .completed, .failed, .held: break
    }
  }

  /// The plugin's word about the answer to a repeat under the same key. What a provider says about
  /// the request it says about the first one too; what it says about the account (not known, no
  /// credit, too often) it may say before it looks at the key, and that proves nothing.
  private mutating func steppedRepeat(_ step: PluginStep, status: Int) {
    let isSuccess = (200..<300).contains(status)
    switch step.verdict {
    case .fail(let failure):
      let isDefinite = isSuccess || terms.definiteStatuses.contains(status)
      guard isDefinite, job.paidWasJSON, failure.isAboutRequest, !failure.isRetryable else {
        return lookUp()
      }
      job.record.failure = nil
      refused(failure)
    case .wait, .send, .succeed: if isSuccess { steppedUnknown(step) } else { lookUp() }
    case .unsupported: lookUp()
    }
  }

  /// The plugin's word while the provider works.
  mutating func steppedAccepted(_ step: PluginStep) {
    if let permille = step.progressPermille, permille != job.record.progressPermille {
      job.record.progressPermille = permille
      job.record.note = step.note
      if state == .running { say("job.progress") }
    }
    switch step.verdict {
    case .wait(let milliseconds):
      job.strikes = 0
      job.doubts = 0
      if job.record.note != nil, step.note == nil { job.record.note = nil }
      if state == .submitted, job.record.submittedAt != now {
        job.record.adoptedAt = nil
        move(to: .running)
      }
      if job.record.cancelRequestedAt != nil { return cancelAccepted() }
      wakeBeforeDeadline(pacing.wait(wish: paced(milliseconds), jitter: jitter))
    case .send(let request) where request.isIdempotent:
      effects.append(.send(request, isPaid: false))
    case .send: hold(.pluginFault, "the plugin wanted to pay for an accepted job again")
    case .succeed(let result): succeeded(result)
    case .fail(let failure): providerFailed(failure)
    case .unsupported: hold(.pluginFault, "the plugin does not know how to go on with this job")
    }
  }

  /// A plugin's wait, or the longer one that the request asks for. A wait of 0 is no poll but goes on
  /// with something.
  func paced(_ milliseconds: UInt32) -> Milliseconds {
    let wish = Milliseconds(milliseconds)
    guard wish > 0, let asked = job.record.request.pollSeconds else { return wish }
    return max(wish, Milliseconds(asked * 1000))
  }

  /// Polls in a row that must say the same before an accepted job ends by it: half a minute of them.
  private static let firmWords = 5

  /// A word that the next poll may take back. True when it was said often enough.
  private mutating func isFirm(_ message: String) -> Bool {
    guard job.doubts < Self.firmWords else { return true }
    job.doubts += 1
    blip(message)
    return false
  }

  private mutating func providerFailed(_ failure: PluginFailure) {
    if failure.isRetryable || failure.code == .unavailable || failure.code == .protocolBroken {
      return blip(failure.message, retryAfter: Milliseconds(failure.retryAfter))
    }
    // The machine that answers the poll may not know the job: a fresh one for some seconds, a running
    // one while the provider moves its traffic. The job was paid for; it is not dropped for one 404.
    if failure.code == .notFound {
      guard isFirm(failure.message) else { return }
      if job.record.adoptedAt != nil { return holdAgain(failure.message) }
      endForgotten()
      return close(.failed, JobFailure(failure.endCode, forgotten(failure.message)))
    }
    if failure.code == .invalid, job.record.adoptedAt != nil {
      return holdAgain(failure.message)
    }
    if failure.code == .unauthenticated {
      return hold(
        .providerUnauthenticated,
        "the provider did not accept our credential while the job was running: \(failure.message)")
    }
    endUnsuccessful()
    close(.failed, JobFailure(failure.endCode, failure.message))
  }

  private func forgotten(_ message: String) -> String {
    let money = job.record.isUnconfirmed ? "the price is booked, unconfirmed" : "nothing is booked"
    return "\(message). \(job.record.provider) had accepted the job and knows it no more; "
      + "\(money). Look at its own list or bill before this is made again"
  }

  /// What a provider forgot it may have finished and billed, and a budget must not learn of that from
  /// the bill. Only what it was told to cancel it may simply drop.
  mutating func endForgotten() {
    guard job.record.cancelRequestedAt == nil else { return endUnsuccessful() }
    settle(job.record.quote.amount, unconfirmed: true)
  }

  /// The provider ended the job without a result: does it bill?
  mutating func endUnsuccessful() {
    switch terms.bills {
    case .success: release()
    case .accept: settle(job.record.quote.amount, unconfirmed: true)
    }
  }

  /// A repeatable exchange that brought nothing. Never the end of anything.
  mutating func blip(_ message: String, retryAfter: Milliseconds = 0) {
    job.strikes += 1
    let wait = Pacing.backoff(failures: job.strikes, retryAfter: retryAfter, jitter: jitter)
    switch state {
    case .queued:
      delayed(message)
      requeue(nextAttempt: false, after: wait)
    case .submitUnknown: lookUp()
    case .expired, .cancelled:
      job.phase = .begin
      effects.append(.wake(after: max(Limits.tailPoll, wait)))
    default:
      if job.strikes == 3 { delayed("the provider cannot be asked: \(message)") }
      wakeBeforeDeadline(wait)
    }
  }

  mutating func freeAnswered(_ exchange: Exchange) {
    let phase = state == .queued ? "prepare" : "poll"
    let way = "\(exchange.transport.rawValue) (\(exchange.reason))"
    if job.record.transports[phase] != way { job.record.transports[phase] = way }
    switch exchange.outcome {
    case .failed(_, let error)
    where error.code == .credentialMissing && state != .queued
      && !state.isTerminal && state != .submitUnknown:
      // A key is often replaced in two steps, and between them its file is gone or empty.
      if isFirm(error.message) { hold(.credentialMissing, error.message) }
    case .failed(_, let error): blip(error.message)
    case .response(let response):
      if response.isHTML {
        return blip("an edge answered HTML with status \(response.status)")
      }
      if response.isJSON { effects.append(.providerAnswered) }
      job.spools = response.spools
      effects.append(.step(.response(response)))
    }
  }

  mutating func stepFailed(_ error: KinoraError) {
    job.adopting = nil
    switch state {
    case .queued:
      // Nothing was sent; it waits until the plugin is back or its queue time is over.
      delayed(error.message)
      requeue(nextAttempt: false, after: Pacing.backoff(failures: 6, jitter: jitter))
    case .submitting: unknown(error.message)
    case .expired, .cancelled:
      job.phase = .begin
      effects.append(.wake(after: Limits.tailPoll))
    case .held, .completed, .failed, .draft: break
    case .submitted, .running, .ready, .fetching, .submitUnknown:
      hold(error.code, error.message)
    }
  }

  mutating func wakeBeforeDeadline(_ wait: Milliseconds) {
    let left = (job.record.deadlineAt ?? .max) - now
    effects.append(.wake(after: min(wait, max(left, 0))))
  }
}

extension PluginFailure {
  /// The error table's word when the provider refused a submit or ended a job: a filter has its own.
  var endCode: KinoraError.Code {
    let words = message.lowercased()
    let filtered = ["content", "safety", "moderat", "policy", "filtered", "responsible ai"]
    return code == .refused && filtered.contains { words.contains($0) }
      ? .contentBlocked : errorCode
  }
}
