public import KinoraModel

/// The rules of a job's life: `(job, input) → (job, change, effects)`. Pure.
///
/// The commit of `change` comes before the effects, always. The rules that carry the money:
/// - only `requeue` puts a job into `queued`, and only with proof that nothing was sent;
/// - a paid request leaves only after `permitAsked` made the job `submitting`;
/// - what can be neither proven sent nor proven unsent is `submit_unknown`, then `held`.
public struct JobMachine {
  var job: LiveJob
  let now: Milliseconds
  let pacing: Pacing
  let jitter: Double
  let canStart: Bool
  private let before: JobRecord
  var events: [StoreChange.NewEvent] = []
  var money: MoneyMove?
  var quota: QuotaMove?
  var evidence: [EvidenceRow] = []
  var effects: [JobEffect] = []

  private init(_ job: LiveJob, _ circumstances: Circumstances) {
    self.job = job
    self.before = job.record
    self.now = circumstances.now
    self.pacing = circumstances.pacing
    self.jitter = circumstances.jitter
    self.canStart = circumstances.canStart
  }

  /// All that the rules may know besides the job and the input.
  public struct Circumstances: Sendable {
    /// Wall time.
    public var now: Milliseconds
    /// The provider's pace.
    public var pacing: Pacing
    /// 0…1.
    public var jitter: Double
    /// False while paid submits are paused, the provider is degraded or the daemon drains.
    public var canStart: Bool

    /// The present circumstances.
    public init(now: Milliseconds, pacing: Pacing, jitter: Double, canStart: Bool) {
      self.now = now
      self.pacing = pacing
      self.jitter = jitter
      self.canStart = canStart
    }
  }

  /// Applies one input.
  public static func reduce(_ job: LiveJob, _ input: JobInput, _ circumstances: Circumstances)
    -> Reduction
  {
    var machine = JobMachine(job, circumstances)
    machine.apply(input)
    return machine.reduction()
  }

  private mutating func apply(_ input: JobInput) {
    switch input {
    case .claimed: claim()
    case .timer: wake()
    case .mustWait(let why): if state == .queued { delayed(why) }
    case .stepped(let step): stepped(step)
    case .stepFailed(let error): stepFailed(error)
    case .answered(let exchange, let isPaid):
      if isPaid { paidAnswered(exchange) } else { freeAnswered(exchange) }
    case .permitAsked: permitAsked()
    case .cancelAsked: cancelAsked()
    case .stored(let artifact): stored(artifact)
    case .assetFailed(let error): assetFailed(error)
    case .resolved(let resolution): resolved(resolution)
    case .delivered: delivered()
    case .undelivered: undelivered()
    case .recovered(let hasIntent): recovered(hasIntent: hasIntent)
    }
  }

  private func reduction() -> Reduction {
    var change: StoreChange?
    if job.record != before || !events.isEmpty || money != nil || !evidence.isEmpty {
      var made = StoreChange()
      made.update = job.record
      made.events = events
      made.money = money
      made.quota = quota
      made.evidence = evidence
      change = made
    }
    return Reduction(job: job, change: change, effects: effects)
  }

  // What the rules are written with.

  var state: JobState { job.record.state }
  var terms: SubmitTerms { job.record.terms }

  /// Takes one of the legal moves and writes its event. An illegal one is not taken: the job is held,
  /// because a rule is wrong and money may be involved.
  mutating func move(to next: JobState) {
    guard next != state else { return }
    guard state.successors.contains(next) else {
      let message = "a rule wanted to move the job from \(state.rawValue) to \(next.rawValue)"
      job.record.failure = JobFailure(.internalError, HeldText.of(job.record, message))
      job.record.state = .held
      say("job.held")
      return
    }
    job.record.state = next
    if next.isTerminal, job.record.endedAt == nil { job.record.endedAt = now }
    if next == .completed { awaitDelivery() }
    say("job.\(next.rawValue)")
  }

  /// Writes an event about the job as it stands now.
  mutating func say(_ type: String) {
    job.record.sequence += 1
    events.append(
      StoreChange.NewEvent(
        number: job.record.sequence, at: now, type: type, data: EventData.of(job.record, at: now)))
  }

  mutating func note(_ kind: String, _ detail: JSON) {
    evidence.append(
      EvidenceRow(
        attempt: job.record.attempt, ordinal: job.record.ordinal, kind: kind, at: now,
        detail: detail))
  }

  mutating func release() {
    guard job.record.settled == nil, money == nil else { return }
    money = .release
    job.record.reserved = .zero
    job.record.settled = .zero
  }

  mutating func settle(_ figure: MicroUSD, unconfirmed: Bool = false) {
    guard job.record.settled == nil, money == nil else { return }
    // A figure that no clip costs is a broken answer or a broken file, and the budget could not even
    // hold it. It is written down, and the quote is booked.
    let isBelieved = figure >= .zero && figure <= Limits.dearestJob
    let amount = isBelieved ? figure : job.record.quote.amount
    let unconfirmed = unconfirmed || !isBelieved
    if !isBelieved { note("cost_not_believed", ["microusd": .integer(figure.rawValue)]) }
    money = .settle(spent: amount)
    let above = amount > job.record.reserved
    job.record.reserved = .zero
    job.record.settled = amount
    job.record.isUnconfirmed = unconfirmed
    if above { say("job.cost_above_quote") }
  }

  /// Puts a job whose request provably was not accepted back into the queue.
  mutating func requeue(nextAttempt: Bool, after wait: Milliseconds) {
    job.isClaimed = false
    job.paidStatus = nil
    job.phase = .begin
    if nextAttempt || job.record.ordinal == 0 {
      // With no permit open the plugin begins anew: what it did so far cost nothing.
      job.record.pluginState = []
      job.record.paidEvent = nil
    }
    if nextAttempt {
      job.hasPaid = false
      job.record.attempt += 1
      job.record.ordinal = 0
      job.record.handle = nil
      job.record.intentAt = nil
    }
    job.record.notBefore = wait > 0 ? now + wait : nil
    move(to: .queued)
    effects.append(.enqueue)
  }

  /// Ends the job with a reason; the money was dealt with by the caller.
  mutating func close(_ next: JobState, _ failure: JobFailure?) {
    job.record.failure = failure
    job.isClaimed = false
    job.paidStatus = nil
    job.record.note = nil
    if next == .failed { job.record.tailUntil = nil }
    move(to: next)
  }

  /// A person must look. `what` happened; the rest of the text is the same for all.
  mutating func hold(_ code: KinoraError.Code, _ what: String) {
    hold(JobFailure(code, HeldText.of(job.record, what)))
  }

  /// The same with a reason that was worded before.
  mutating func hold(_ failure: JobFailure) {
    job.record.failure = failure
    job.isClaimed = false
    job.paidStatus = nil
    move(to: .held)
  }

  /// Remembers why the job waits, and tells it once.
  mutating func delayed(_ message: String) {
    guard job.record.note != message else { return }
    job.record.note = message
    say("job.delayed")
  }
}
