import KinoraCore
import KinoraModel
import Testing

/// A crash in each window of a job's life, as values: what is stored decides what happens next.
@Suite struct WindowTests {
  @Test("W2: between the claim and the permit nothing was sent, so it is claimed again")
  func claimed() {
    var course = Course()
    course.wantPay()
    #expect(course.restart() == ["enqueue"])
    #expect(course.state == .queued)
    #expect(course.record.attempt == 1)
    #expect(course.give(.claimed) == ["step begin"])
  }

  @Test("W3, W4, W5: past the permit it is submit_unknown, never queued")
  func submitting() {
    var course = Course()
    course.submit()
    #expect(course.restart() == [])
    #expect(course.state == .held)
    #expect(course.failure == .heldForReview)
    #expect(course.events.suffix(2) == ["job.submit_unknown", "job.held"])
    #expect(course.money.isEmpty)
    #expect(course.record.reserved == MicroUSD(500_000))
  }

  @Test("W3 with the row alone, without a line in the journal, and W4 with both: the same")
  func rowAlone() {
    for hasIntent in [false, true] {
      var course = Course { $0.reconcile = .byTag }
      course.submit()
      #expect(course.restart(hasIntent: hasIntent) == ["wake 1000"])
      #expect(course.state == .submitUnknown)
      #expect(course.record.ordinal == 1)
    }
  }

  @Test("a line in the journal that the row does not know is a request that may have left")
  func lineAlone() {
    var course = Course { $0.reconcile = .byTag }
    #expect(course.restart(hasIntent: true) == ["wake 1000"])
    #expect(course.state == .submitUnknown)
    #expect(course.record.ordinal == 1)
    // It is looked up for 15 minutes, not for ever.
    course.pass(Limits.unknownHoldsPlace)
    #expect(course.give(.timer) == [])
    #expect(course.state == .held)
  }

  @Test("W5: the id was lost, the tag finds it")
  func found() {
    var course = Course { $0.reconcile = .byTag }
    course.submit()
    _ = course.restart()
    #expect(course.give(.timer) == ["step reconcile"])
    #expect(course.give(.stepped(.poll)) == ["send"])
    #expect(course.give(.free(200)) == ["answered", "step response 200"])
    #expect(course.give(.stepped(.wait(5000, handle: "p1"))) == ["wake 5000"])
    #expect(course.state == .running || course.state == .submitted)
    #expect(course.record.handle == "p1")
    #expect(course.evidence == ["permit", "found"])
  }

  @Test("W6: polls are harmless; a restart polls again, spread over two seconds")
  func polled() {
    var course = Course()
    course.run()
    #expect(course.restart() == ["wake 1000"])
    #expect(course.give(.timer) == ["step timer"])
    #expect(course.state == .running)
  }

  @Test("W7, W8, W9: a result that is not stored whole is fetched again")
  func fetching() {
    var course = Course()
    course.finish()
    #expect(course.state == .fetching)
    #expect(course.restart() == ["wake 250"])
    #expect(course.give(.timer) == ["fetch https://world.test/1.mp4"])
    #expect(course.give(.stored(.clip)) == [])
    #expect(course.state == .completed)
    #expect(course.money == [.settle(spent: MicroUSD(500_000))])
  }

  @Test("W10: what is completed stays so")
  func completed() {
    var course = Course()
    course.finish()
    course.give(.stored(.clip))
    let before = course.record
    #expect(course.restart() == [])
    #expect(course.record == before)
  }

  @Test("W12: a plugin that is gone while the provider works is held with the money reserved")
  func orphaned() {
    for state in ["accepted", "running"] {
      var course = Course()
      if state == "accepted" { course.accept() } else { course.run() }
      _ = course.restart()
      course.give(.timer)
      course.give(.stepFailed(KinoraError(.unavailable, "the plugin is not loaded")))
      #expect(course.state == .held)
      #expect(course.failure == .unavailable)
      #expect(course.money.isEmpty)
      let message = course.record.failure?.message ?? ""
      #expect(message.contains("kinora jobs resolve video_1 --adopt p1"))
    }
  }

  @Test("W12: a plugin that is gone before anything was sent only delays")
  func waiting() {
    var course = Course()
    course.claim()
    #expect(course.give(.stepFailed(KinoraError(.unavailable, "not loaded"))) == ["enqueue"])
    #expect(course.state == .queued)
    #expect(course.record.note == "not loaded")
    #expect(course.record.notBefore == course.now + 32_000)
  }
}

extension Artifact {
  /// Five seconds, as the quote says.
  static let clip = Artifact(
    sha256: "ab", bytes: 1, mime: "video/mp4", durationMilliseconds: 5000)
}
