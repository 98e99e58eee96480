import KinoraCore
import KinoraModel
import Testing

/// The table of moves is closed: whatever is thrown at a job in whatever state, it never leaves it.
@Suite struct MoveTests {
  private static let terms: [(String, @Sendable (inout SubmitTerms) -> Void)] = [
    ("careful", { _ in }), ("key", { $0.dedupe = .key }), ("tag", { $0.reconcile = .byTag }),
    (
      "bills on accept, cancels",
      {
        $0.bills = .accept
        $0.cancel = .any
      }
    ),
  ]

  private static let inputs: [JobInput] =
    [
      .claimed, .timer, .permitAsked, .mustWait("an edge"), .cancelAsked, .stored(.clip), .lost,
      .unsent, .blip,
      .stepFailed(KinoraError(.pluginFault, "broke")),
      .assetFailed(KinoraError(.assetUnusable, "404")),
      .assetFailed(KinoraError(.storageFull, "full")), .recovered(hasIntent: false),
      .recovered(hasIntent: true), .resolved(.notCharged), .resolved(.giveUp), .delivered,
      .undelivered,
      .resolved(.adopt("p9")), .answered(JobInput.failed(.no, .credentialMissing), isPaid: false),
    ]
    + [200, 307, 401, 404, 429, 500].flatMap { status in
      [JobInput.paid(status), .free(status)]
    }
    + [.paid(200, "<html>", type: "text/html"), .free(200, "<html>", type: "text/html")]
    + steps.map { .stepped($0) }

  private static let steps: [PluginStep] =
    [.pay, .poll, .wait(1000), .wait(0, handle: "p1", permille: 5), .done(), .done(assets: [])]
    + [.unsupported]
    + [
      PluginFailure.Code.invalid, .unauthenticated, .refused, .exhausted, .notFound, .unavailable,
      .protocolBroken,
    ].flatMap { code in [PluginStep.fail(code), .fail(code, isRetryable: true)] }

  /// Inputs that the engine can give to a job as it stands: it never answers an exchange or a step
  /// that was not asked for.
  private func fits(_ input: JobInput, _ course: Course, _ asked: Set<String>) -> Bool {
    // Nothing comes between a step and its word.
    let isAsking = asked.contains("step")
    return switch input {
    case .stepped, .stepFailed: isAsking
    case .recovered(let hasIntent):
      !hasIntent || course.state == .queued || course.state == .submitting
    case _ where isAsking: false
    case .answered(_, let isPaid): asked.contains(isPaid ? "pay" : "send")
    case .stored, .assetFailed: asked.contains("fetch")
    case .permitAsked: asked.contains("pay")
    case .claimed: asked.contains("enqueue")
    case .timer: asked.contains("wake") || asked.contains("enqueue")
    case .cancelAsked, .resolved, .mustWait, .delivered, .undelivered: true
    }
  }

  /// What the engine still owes an answer for.
  private func follow(_ asked: inout Set<String>, _ input: JobInput, _ effects: [String]) {
    switch input {
    case .stepped, .stepFailed: asked.remove("step")
    case .answered(_, let isPaid): asked.remove(isPaid ? "pay" : "send")
    case .stored, .assetFailed: asked.remove("fetch")
    case .claimed: asked.remove("enqueue")
    case .timer: asked.remove("wake")
    case .recovered: asked = []
    case .permitAsked, .cancelAsked, .resolved, .mustWait, .delivered, .undelivered: break
    }
    for effect in effects {
      let word = String(effect.prefix { $0 != " " })
      // A new exchange makes the answer of the one before void.
      if ["pay", "send", "fetch", "interrupt"].contains(word) {
        asked.subtract(["send", "fetch"])
      }
      if ["step", "pay", "send", "fetch", "wake", "enqueue"].contains(word) { asked.insert(word) }
    }
  }

  @Test(
    "random walks: legal moves only, one permit an attempt, money once", arguments: terms.indices)
  func walks(_ at: Int) {
    var random = SeededRandom(seed: UInt64(at + 1))
    var states: Set<JobState> = []
    for _ in 0..<1500 {
      var course = Course(Self.terms[at].1)
      var asked: Set<String> = ["enqueue"]
      var permits = 0
      var attempt = 1
      for _ in 0..<40 {
        var input = random.pick(Self.inputs)
        for _ in 0..<60 where !fits(input, course, asked) { input = random.pick(Self.inputs) }
        guard fits(input, course, asked) else { break }
        let before = course
        course.now += Milliseconds(random.pick([1, 1000, 60_000, 900_000, 3_600_000]))
        if case .recovered = input { course.job = LiveJob(record: course.record) }
        let effects = course.give(input)
        follow(&asked, input, effects)
        states.insert(course.state)
        if course.record.attempt != attempt { (attempt, permits) = (course.record.attempt, 0) }
        let isPermit = effects.contains("journal") && course.state == .submitting
        permits += isPermit ? 1 : 0
        audit(before, course, input, effects, permits)
        guard course.failure != .internalError else { return }
      }
    }
    #expect(states.count >= 10, "\(states)")
  }

  private func audit(
    _ before: Course, _ after: Course, _ input: JobInput, _ effects: [String], _ permits: Int
  ) {
    var broken: [String] = []
    func demand(_ isTrue: Bool, _ rule: String) { if !isTrue { broken.append(rule) } }
    let isNewlyQueued = after.state == .queued && before.state != .queued
    let record = after.record
    demand(after.failure != .internalError, after.record.failure?.message ?? "")
    demand(permits <= 1, "one permit an attempt")
    demand(after.money.count <= 1, "settled or released once")
    demand((record.settled == nil) == after.money.isEmpty, "the record and the money agree")
    demand(
      !effects.contains("pay") || after.state == .queued || after.state == .submitUnknown,
      "only a waiting or an unknown job sends")
    // Only with proof that nothing was accepted, or by a person's word.
    demand(!isNewlyQueued || record.attempt == before.record.attempt + 1, "a new attempt")
    let isOver = after.state.isTerminal && record.tailUntil == nil
    demand(!isOver || record.settled != nil, "over, and its money is open")
    demand(record.tailUntil == nil || record.settled == nil, "a tail has open money")
    demand(record.sequence == 1 + after.events.count, "events are numbered without gaps")
    if after.state == .held { for fault in record.heldTextFaults { demand(false, fault) } }
    guard !broken.isEmpty else { return }
    Issue.record("\(before.state) + \(input) = \(after.state) \(effects): \(broken)")
  }

  @Test("a move that the table does not have holds the job instead")
  func illegal() {
    var course = Course()
    course.job.record.state = .completed
    course.job.record.settled = nil
    course.job.unstored = [PendingAsset()]
    course.give(.stored(.clip))
    #expect(course.state == .held)
    #expect(course.failure == .internalError)
    #expect(course.record.heldTextFaults == [])
  }
}
