import KinoraCore
import KinoraModel
import Testing

/// `submit_unknown`: repeats under a key, lookups, and when a person is asked.
@Suite struct UnknownRuleTests {
  @Test("with a deduplicating key the very same event makes the same request again")
  func repeated() {
    var course = Course { $0.dedupe = .key }
    course.submit()
    let event = course.record.paidEvent
    #expect(event == PaidEvent(isTimer: false, now: course.now, state: []))
    course.pass(700)
    #expect(course.give(.lost) == ["wake 1000"])
    course.pass(1000)
    #expect(course.give(.timer) == ["step begin"])
    #expect(course.record.paidEvent == event)
    #expect(course.give(.stepped(.pay)) == ["pay"])
    // The same permit: journalled again, but the ordinal stays.
    #expect(course.give(.permitAsked) == ["journal"])
    #expect(course.record.ordinal == 1)
    #expect(course.state == .submitUnknown)
    #expect(course.evidence == ["permit", "failure", "repeat"])
    course.give(.paid(200))
    course.give(.stepped(.wait(5000, handle: "p1")))
    #expect(course.state == .submitted)
    #expect(course.record.failure == nil)
  }

  @Test("a repeat after a restart has the state and the clock of the first")
  func repeatedAfterRestart() {
    var course = Course { $0.dedupe = .key }
    course.claim()
    course.give(.stepped(.wait(1000, state: "prepared")))
    course.pass(1000)
    course.give(.timer)
    course.give(.stepped(.pay))
    course.give(.permitAsked)
    let event = PaidEvent(isTimer: true, now: course.now, state: Array("prepared".utf8))
    course.pass(60_000)
    _ = course.restart()
    #expect(course.record.paidEvent == event)
    #expect(course.give(.timer) == ["step timer"])
    #expect(course.record.pluginState == event.state)
  }

  @Test(
    "what a provider says about the account on a repeat says nothing about the first request",
    arguments: [
      (401, PluginFailure.Code.unauthenticated, JobState.submitUnknown),
      (402, .exhausted, .submitUnknown), (429, .exhausted, .submitUnknown),
      (500, .unavailable, .submitUnknown), (500, .invalid, .submitUnknown),
      (400, .invalid, .failed), (422, .refused, .failed), (307, .invalid, .submitUnknown),
    ])
  func repeatRefused(_ status: Int, _ code: PluginFailure.Code, _ end: JobState) {
    var course = Course { $0.dedupe = .key }
    course.lose()
    course.give(.timer)
    course.give(.stepped(.pay))
    course.give(.permitAsked)
    course.give(.paid(status))
    course.give(.stepped(.fail(code)))
    #expect(course.state == end)
    #expect(course.money == (end == .failed ? [.release] : []))
  }

  @Test("a repeat does not leave while the provider is degraded, paused or the daemon drains")
  func repeatGated() {
    var course = Course { $0.dedupe = .key }
    course.lose()
    course.give(.timer)
    course.give(.stepped(.pay))
    course.canStart = false
    #expect(course.give(.permitAsked) == ["refuse"])
    course.give(.unsent)
    #expect(course.state == .submitUnknown)
    #expect(course.money.isEmpty)
  }

  @Test("past the key's life nothing is repeated")
  func keyLife() {
    var course = Course {
      $0.dedupe = .key
      $0.keyLifeSeconds = 60
    }
    course.lose()
    course.pass(60_000)
    #expect(course.give(.timer) == [])
    #expect(course.state == .held)
  }

  @Test("without key and lookup it is a person's turn at once; the outward word is failed")
  func heldAtOnce() {
    var course = Course()
    course.lose()
    #expect(course.state == .held)
    #expect(course.state.outward == "failed")
    #expect(course.failure == .heldForReview)
    let message = course.record.failure?.message ?? ""
    for words in ["may have been charged", "$0.50", "do not repeat", "kinora jobs resolve video_1"]
    {
      #expect(message.contains(words))
    }
  }

  @Test("a lookup that proves absence goes back to the queue as a new purchase")
  func absent() {
    var course = Course { $0.reconcile = .byTag }
    course.lose()
    #expect(course.give(.timer) == ["step reconcile"])
    course.give(.stepped(.poll))
    course.give(.free(404))
    #expect(course.give(.stepped(.fail(.notFound))) == ["enqueue"])
    #expect(course.state == .queued)
    #expect(course.record.attempt == 2)
    #expect(course.record.intentAt == nil)
    #expect(course.evidence == ["permit", "failure", "absent"])
    #expect(course.money.isEmpty)
  }

  @Test(
    "a lookup that cannot tell is repeated for 15 minutes, then held",
    arguments: [PluginFailure.Code.unavailable, .protocolBroken, .refused, .unauthenticated])
  func cannotTell(_ code: PluginFailure.Code) {
    var course = Course { $0.reconcile = .byTag }
    course.lose()
    var looks = 0
    while course.state == .submitUnknown, looks < 1000 {
      looks += 1
      guard course.give(.timer) == ["step reconcile"] else { break }
      course.give(.stepped(.poll))
      let next = course.give(looks % 2 == 0 ? .blip : .free(503))
      guard looks % 2 == 1 else {
        course.pass(wait(next))
        continue
      }
      course.pass(wait(course.give(.stepped(.fail(code)))))
    }
    #expect(course.state == .held)
    let since = course.now - (course.record.intentAt ?? 0)
    #expect((Limits.unknownHoldsPlace...Limits.unknownHoldsPlace + 70_000).contains(since))
    #expect(looks > 10)
    #expect(course.money.isEmpty)
  }

  private func wait(_ effects: [String]) -> Milliseconds {
    effects.compactMap { $0.hasPrefix("wake ") ? Milliseconds($0.dropFirst(5)) : nil }.first ?? 1000
  }

  @Test("a plugin that wants to pay while it looks something up is held")
  func paysWhileLooking() {
    var course = Course { $0.reconcile = .byTag }
    course.lose()
    course.give(.timer)
    #expect(course.give(.stepped(.pay)) == [])
    #expect(course.state == .held)
    #expect(course.failure == .pluginFault)
  }

  @Test("a cancel while it is unknown stops the repeats, and releases nothing")
  func cancelled() {
    var course = Course { $0.dedupe = .key }
    course.lose()
    course.give(.timer)
    course.give(.stepped(.pay))
    #expect(course.give(.cancelAsked) == [])
    #expect(course.give(.permitAsked) == ["refuse"])
    course.give(.unsent)
    #expect(course.state == .held)
    #expect(course.money.isEmpty)
    #expect(course.record.reserved == MicroUSD(500_000))
  }

  @Test(
    "a cancelled job that a lookup finds is cancelled there; one that was never there is released")
  func cancelledLookup() {
    var course = Course {
      $0.reconcile = .byTag
      $0.cancel = .any
    }
    course.lose()
    course.give(.cancelAsked)
    course.give(.timer)
    #expect(course.give(.stepped(.wait(1000, handle: "p1"))).last == "step cancel")
    #expect(course.state == .cancelled)
    #expect(course.money.isEmpty)

    var other = Course { $0.reconcile = .byTag }
    other.lose()
    other.give(.cancelAsked)
    other.give(.timer)
    other.give(.stepped(.fail(.notFound)))
    #expect(other.state == .cancelled)
    #expect(other.money == [.release])
  }
}
