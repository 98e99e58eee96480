import KinoraCore
import KinoraModel
import Testing

/// From the queue to the provider's word: what may leave, and what an answer proves.
@Suite struct SubmitRuleTests {
  @Test("a paid request leaves only after permitAsked made the job submitting")
  func permit() {
    var course = Course()
    #expect(course.give(.claimed) == ["step begin"])
    #expect(course.give(.stepped(.pay)) == ["pay"])
    #expect(course.state == .queued)
    #expect(course.give(.permitAsked) == ["journal"])
    #expect(course.state == .submitting)
    #expect(course.record.ordinal == 1)
    #expect(course.record.intentAt == course.now)
    #expect(course.evidence == ["permit"])
    // Another one, for whatever reason, is refused.
    #expect(course.give(.permitAsked) == ["refuse"])
    #expect(course.record.ordinal == 1)
  }

  @Test("the permit is refused while paid submits are paused, and the job waits again")
  func paused() {
    var course = Course()
    course.wantPay()
    course.canStart = false
    #expect(course.give(.permitAsked) == ["refuse"])
    #expect(course.give(.unsent) == ["enqueue"])
    #expect(course.state == .queued)
    #expect(course.record.attempt == 1)
    #expect(course.record.notBefore == nil)
  }

  @Test("one more paid request than the catalog says is the plugin's bug: held, nothing sent")
  func tooMany() {
    var course = Course()
    course.submit()
    course.give(.paid(200))
    #expect(course.give(.stepped(.pay)) == [])
    #expect(course.state == .held)
    #expect(course.failure == .pluginFault)
  }

  @Test("a second paid request of two needs a success of the first")
  func second() {
    var course = Course { $0.paidSends = 2 }
    course.submit()
    course.give(.paid(200))
    #expect(course.give(.stepped(.pay)) == ["pay"])
    #expect(course.give(.permitAsked) == ["journal"])
    #expect(course.record.ordinal == 2)

    var other = Course { $0.paidSends = 2 }
    other.submit()
    other.give(.paid(500))
    #expect(!other.give(.stepped(.pay)).contains("pay"))
    #expect(other.state == .held)
  }

  @Test(
    "an answer proves a refusal only in the provider's own shape",
    arguments: [
      // status, body, the plugin's word, retryable, where it leads
      (400, "{}", PluginFailure.Code.invalid, false, JobState.failed),
      (401, "{}", .unauthenticated, false, .failed),
      (402, "{}", .exhausted, false, .failed),
      (422, "{}", .refused, false, .failed),
      (429, "{}", .exhausted, true, .queued),
      (400, "Bad Request", .invalid, false, .held),
      (429, "slow down", .exhausted, true, .held),
      (408, "{}", .unavailable, true, .held),
      (409, "{}", .refused, false, .held),
      (500, "{}", .unavailable, true, .held),
      (503, "{}", .exhausted, true, .held),
      (504, "{}", .refused, false, .held),
      (200, "{}", .refused, false, .failed),
      (200, "{}", .protocolBroken, false, .held),
      (200, "{}", .unavailable, true, .held),
      (200, #"{"id":"p"#, .protocolBroken, false, .held),
    ])
  func statuses(
    _ status: Int, _ body: String, _ code: PluginFailure.Code, _ isRetryable: Bool, _ end: JobState
  ) {
    var course = Course()
    course.submit()
    course.give(.paid(status, body))
    course.give(.stepped(.fail(code, isRetryable: isRetryable)))
    #expect(course.state == end)
    switch end {
    case .failed: #expect(course.money == [.release])
    case .queued:
      #expect(course.money.isEmpty)
      #expect(course.record.attempt == 2)
      #expect(course.record.ordinal == 0)
    default:
      #expect(course.money.isEmpty)
      #expect(course.events.contains("job.submit_unknown"))
    }
  }

  @Test("a plugin that takes an error for an acceptance is not believed")
  func falseSuccess() {
    for step in [PluginStep.wait(1000), .poll, .done()] {
      var course = Course()
      course.submit()
      course.give(.paid(500))
      course.give(.stepped(step))
      #expect(course.state == .held)
      #expect(course.money.isEmpty)
    }
  }

  @Test(
    "HTML is an edge, not the provider: submit_unknown, and the provider is degraded",
    arguments: [200, 201, 403, 429, 503])
  func edge(status: Int) {
    for (body, type) in [
      ("<html>", "text/html; charset=UTF-8"), ("  <!DOCTYPE html>", "application/json"),
      ("\n<HTML>", "text/plain"),
    ] {
      var course = Course { $0.reconcile = .byTag }
      course.submit()
      #expect(course.give(.paid(status, body, type: type)) == ["edge", "wake 1000"])
      #expect(course.state == .submitUnknown)
    }
  }

  @Test("a redirect of a submit is a refusal")
  func redirect() {
    var course = Course()
    course.submit()
    #expect(course.give(.paid(307)) == [])
    #expect(course.state == .failed)
    #expect(course.money == [.release])
  }

  @Test("a lost answer is submit_unknown; not a byte sent goes back to the queue")
  func lost() {
    var course = Course { $0.reconcile = .byTag }
    course.submit()
    #expect(course.give(.lost) == ["wake 1000"])
    #expect(course.state == .submitUnknown)

    var other = Course()
    other.wantPay()
    #expect(other.give(.unsent) == ["enqueue"])
    #expect(other.state == .queued)
    #expect(other.record.attempt == 1)
    #expect(other.record.notBefore == other.now + 1000)
  }

  @Test("a permit that was used up by an abort costs its attempt")
  func aborted() {
    var course = Course()
    course.submit()
    #expect(course.give(.unsent) == ["enqueue"])
    #expect(course.state == .queued)
    #expect(course.record.attempt == 2)
    #expect(course.record.ordinal == 0)
    #expect(course.money.isEmpty)
  }

  @Test("Retry-After of a refusal is never shortened, and refusals slow down")
  func retryAfter() {
    var course = Course()
    course.submit()
    course.give(.paid(429))
    course.give(.stepped(.fail(.exhausted, isRetryable: true, after: 90_000)))
    #expect(course.record.notBefore == course.now + 90_000)
    for expected in [2000, 4000, 8000, 16_000, 32_000, 64_000, 64_000] as [Milliseconds] {
      course.submit()
      course.give(.paid(429))
      course.give(.stepped(.fail(.exhausted, isRetryable: true)))
      #expect(course.record.notBefore == course.now + expected)
    }
  }

  @Test("a timer beside a paid request under way does nothing")
  func timerBeside() {
    var course = Course()
    course.wantPay()
    course.pass(Limits.queueWait)
    #expect(course.give(.timer) == [])
    #expect(course.give(.permitAsked) == ["journal"])
    #expect(course.give(.timer) == [])
    #expect(course.state == .submitting)
  }

  @Test("waiting has its own limit, for a job that is being prepared as well")
  func queueLimit() {
    for isClaimed in [false, true] {
      var course = Course()
      if isClaimed {
        course.claim()
        course.give(.stepped(.wait(1000)))
      }
      course.pass(Limits.queueWait)
      #expect(course.give(.timer) == ["interrupt"])
      #expect(course.state == .expired)
      #expect(course.record.tailUntil == nil)
      #expect(course.money == [.release])
    }
  }
}
