import KinoraCore
import KinoraModel
import Testing

/// Cancels, tails, and what a person decides.
@Suite struct EndingRuleTests {
  @Test("before the permit a cancel releases everything")
  func cancelQueued() {
    var course = Course()
    #expect(course.give(.cancelAsked) == ["interrupt"])
    #expect(course.state == .cancelled)
    #expect(course.money == [.release])
    #expect(course.record.tailUntil == nil)
  }

  @Test("between the claim and the permit the permit is refused, and that answer ends the job")
  func cancelClaimed() {
    var course = Course()
    course.wantPay()
    #expect(course.give(.cancelAsked) == [])
    #expect(course.state == .queued)
    #expect(course.give(.permitAsked) == ["refuse"])
    course.give(.unsent)
    #expect(course.state == .cancelled)
    #expect(course.money == [.release])
    // A restart in between does the same at once.
    var other = Course()
    other.wantPay()
    other.give(.cancelAsked)
    _ = other.restart()
    #expect(other.state == .cancelled)
    #expect(other.money == [.release])
  }

  @Test("after the permit a cancel waits for the answer; proof that nothing left releases")
  func cancelSubmitting() {
    var course = Course()
    course.submit()
    #expect(course.give(.cancelAsked) == [])
    #expect(course.state == .submitting)
    course.give(.unsent)
    #expect(course.state == .cancelled)
    #expect(course.money == [.release])

    var lost = Course()
    lost.submit()
    lost.give(.cancelAsked)
    lost.give(.lost)
    #expect(lost.state == .held)
    #expect(lost.money.isEmpty)

    var taken = Course { $0.cancel = .any }
    taken.submit()
    taken.give(.cancelAsked)
    taken.give(.paid(200))
    #expect(
      taken.give(.stepped(.wait(5000, handle: "p1"))) == ["interrupt", "step cancel"])
    #expect(taken.state == .cancelled)
    #expect(taken.money.isEmpty)
    #expect(taken.record.tailUntil != nil)
  }

  @Test("a cancel of a running job is over outwardly; its money waits for the provider's end")
  func cancelRunning() {
    for (word, next) in [
      (SubmitTerms.Cancel.none, ["interrupt", "wake 300000"]),
      (.any, ["interrupt", "step cancel"]), (.queued, ["interrupt", "step cancel"]),
    ] {
      var course = Course { $0.cancel = word }
      course.run()
      #expect(course.give(.cancelAsked) == next)
      #expect(course.state == .cancelled)
      #expect(course.money.isEmpty)
      #expect(course.record.reserved == MicroUSD(500_000))
      #expect(course.record.tailUntil == course.now + 86_400_000)
      // A second one changes nothing.
      let before = course.record
      #expect(course.give(.cancelAsked) == [])
      #expect(course.record == before)
    }
  }

  @Test("no poll comes between the requests that tell the provider of a cancel")
  func cancelTold() {
    var course = Course { $0.cancel = .any }
    course.run()
    course.give(.cancelAsked)
    #expect(course.give(.stepped(.poll)) == ["send"])
    // The moment of the poll that was set before.
    #expect(course.give(.timer) == [])
    course.give(.free(200))
    #expect(course.give(.stepped(.poll)) == ["send"])
    #expect(course.give(.timer) == [])
    course.give(.free(200))
    #expect(course.give(.stepped(.wait(5000))) == ["wake 5000"])
    #expect(course.give(.timer) == ["step timer"])
    // Trouble on the way, and the polls go on as well.
    for trouble in [JobInput.stepped(.unsupported), .stepFailed(KinoraError(.pluginFault, "x"))] {
      var other = Course { $0.cancel = .any }
      other.run()
      other.give(.cancelAsked)
      #expect(other.give(trouble) == ["wake 300000"])
      #expect(other.give(.timer) == ["step timer"])
    }
  }

  @Test("a cancel changes nothing where nothing can be saved")
  func cancelLate() {
    var course = Course()
    course.finish()
    #expect(course.give(.cancelAsked) == [])
    #expect(course.state == .fetching)
    #expect(course.record.cancelRequestedAt == nil)
    course.give(.stored(.clip))
    #expect(course.give(.cancelAsked) == [])
    #expect(course.state == .completed)
    var held = Course()
    held.lose()
    #expect(held.give(.cancelAsked) == [])
    #expect(held.state == .held)
  }

  @Test("a late success of a cancelled job is settled and not fetched")
  func cancelledTail() {
    for (cost, isUnconfirmed) in [(70_000 as Int64?, false), (nil, true)] {
      var course = Course()
      course.run()
      course.give(.cancelAsked)
      course.pass(300_000)
      #expect(course.give(.timer) == ["step timer"])
      #expect(course.give(.stepped(.wait(5000))) == ["wake 300000"])
      #expect(course.give(.stepped(.done(cost: cost))) == [])
      #expect(course.state == .cancelled)
      #expect(course.money == [.settle(spent: MicroUSD(cost ?? 500_000))])
      #expect(course.record.isUnconfirmed == isUnconfirmed)
      #expect(course.record.tailUntil == nil)
      #expect(course.record.artifacts.isEmpty)
    }
  }

  @Test("the answer to a cancel is no end; the next poll's word is")
  func cancelAnswer() {
    var course = Course { $0.cancel = .any }
    course.run()
    course.give(.cancelAsked)
    course.give(.stepped(.poll))
    course.give(.free(409))
    #expect(course.give(.stepped(.fail(.refused, "too late"))) == ["wake 300000"])
    #expect(course.money.isEmpty)
    course.give(.timer)
    course.give(.stepped(.fail(.refused, "cancelled")))
    #expect(course.money == [.release])
    #expect(course.record.tailUntil == nil)
  }

  @Test("a late success of an expired job is fetched, settled and completed [C55]")
  func expiredTail() {
    var course = Course { $0.deadlineSeconds = 60 }
    course.run()
    course.pass(60_000)
    course.give(.timer)
    #expect(course.state == .expired)
    course.pass(300_000)
    course.give(.timer)
    #expect(course.give(.stepped(.done())) == ["fetch https://world.test/1.mp4"])
    course.give(.stored(.clip))
    #expect(course.state == .completed)
    #expect(course.record.failure == nil)
    #expect(course.record.tailUntil == nil)
    #expect(course.record.endedAt == course.now)
    #expect(course.money == [.settle(spent: MicroUSD(500_000))])
  }

  @Test("a late result that cannot be used ends the tail with the job")
  func expiredTailWrong() {
    var course = Course { $0.deadlineSeconds = 60 }
    course.run()
    course.pass(60_000)
    course.give(.timer)
    let until = course.record.tailUntil
    for _ in 0..<50 where course.state != .failed {
      course.give(.timer)
      course.give(.stepped(.done()))
      course.give(.assetFailed(KinoraError(.assetUnusable, "404")))
      #expect(course.state == .failed || course.record.tailUntil == until)
    }
    #expect(course.state == .failed)
    #expect(course.record.tailUntil == nil)
    #expect(course.money.count == 1)
  }

  @Test("a tail without an end is booked as spent and marked unconfirmed")
  func tailEnds() {
    for wayOut in ["cancelled", "expired"] {
      var course = Course { $0.deadlineSeconds = 60 }
      course.run()
      if wayOut == "expired" { course.pass(60_000) }
      course.give(wayOut == "expired" ? .timer : .cancelAsked)
      let until = course.record.tailUntil ?? 0
      while course.now < until {
        course.pass(300_000)
        guard course.now < until else { break }
        #expect(course.give(.timer) == ["step timer"])
        #expect(course.give(.blip) == ["wake 300000"])
      }
      course.give(.timer)
      #expect(course.state.rawValue == wayOut)
      #expect(course.money == [.settle(spent: MicroUSD(500_000))])
      #expect(course.record.isUnconfirmed)
      #expect(course.record.tailUntil == nil)
      #expect(course.events.last == "job.tail_ended")
      #expect(course.give(.timer) == [])
    }
  }

  @Test("adopt: polled on, completed and settled as usual")
  func adopt() {
    var course = Course()
    course.lose()
    #expect(course.give(.resolved(.adopt("p7"))) == ["interrupt", "step adopt p7"])
    #expect(course.give(.stepped(.wait(1000))) == ["wake 1000"])
    #expect(course.state == .submitted)
    #expect(course.record.handle == "p7")
    #expect(course.record.failure == nil)
    course.give(.timer)
    course.give(.stepped(.done(cost: 310_000)))
    course.give(.stored(.clip))
    #expect(course.state == .completed)
    #expect(course.money == [.settle(spent: MicroUSD(310_000))])
  }

  @Test("an id that no poll finds leaves the job held again, with its money")
  func adoptedByMistake() {
    for code in [PluginFailure.Code.notFound, .invalid] {
      var course = Course()
      course.lose()
      course.give(.resolved(.adopt("p7")))
      course.give(.stepped(.wait(0)))
      for _ in 0..<6 {
        course.pass(1000)
        course.give(.stepped(.fail(code, "no such id")))
      }
      #expect(course.state == .held)
      #expect(course.money.isEmpty)
      #expect(course.record.handle == nil)
      #expect(course.record.failure?.message.contains("does not know p7") == true)
    }
  }

  @Test("an id that the plugin cannot adopt leaves the job held, with its money")
  func adoptFails() {
    for step in [PluginStep.fail(.notFound), .unsupported] {
      var course = Course()
      course.lose()
      course.give(.resolved(.adopt("p7")))
      course.give(.stepped(step))
      #expect(course.state == .held)
      #expect(course.money.isEmpty)
      #expect(course.job.adopting == nil)
    }
  }

  @Test("not-charged: back to the queue as the next attempt, the reservation kept")
  func notCharged() {
    var course = Course()
    course.lose()
    course.pass(Limits.queueWait * 2)
    #expect(course.give(.resolved(.notCharged)) == ["interrupt", "enqueue"])
    #expect(course.state == .queued)
    #expect(course.record.attempt == 2)
    #expect(course.record.queueUntil == course.now + Limits.queueWait)
    #expect(course.money.isEmpty)
    course.accept()
    #expect(course.state == .submitted)
  }

  @Test("give-up: failed, booked as spent, marked unconfirmed")
  func giveUp() {
    var course = Course()
    course.lose()
    course.give(.resolved(.giveUp))
    #expect(course.state == .failed)
    #expect(course.money == [.settle(spent: MicroUSD(500_000))])
    #expect(course.record.isUnconfirmed)
    #expect(course.evidence.last == "resolved")
  }

  @Test("only a held or unknown job is resolved, and not while its repeat is on the wire")
  func resolveElsewhere() {
    var running = Course()
    running.run()
    let before = running.record
    for resolution in [Resolution.adopt("x"), .notCharged, .giveUp] {
      #expect(running.give(.resolved(resolution)) == [])
    }
    #expect(running.record == before)

    var repeated = Course { $0.dedupe = .key }
    repeated.lose()
    repeated.give(.timer)
    repeated.give(.stepped(.pay))
    repeated.give(.permitAsked)
    let pending = repeated.record
    #expect(repeated.give(.resolved(.notCharged)) == [])
    #expect(repeated.record == pending)
  }
}
