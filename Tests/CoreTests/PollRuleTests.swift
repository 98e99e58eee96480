import KinoraCore
import KinoraModel
import Testing

/// While the provider works: nothing that happens to a poll ends the job, and the deadline does.
@Suite struct PollRuleTests {
  @Test("a submit is polled until the result is there [T14] [C54] [C61]")
  func whole() {
    var course = Course()
    course.accept()
    #expect(course.state == .submitted)
    #expect(course.record.deadlineAt == course.now + 3_600_000)
    for _ in 0..<30 {
      course.pass(10_000)
      #expect(course.give(.timer) == ["step timer"])
      #expect(course.give(.stepped(.poll)) == ["send"])
      #expect(course.give(.free(200)) == ["answered", "step response 200"])
      #expect(course.give(.stepped(.wait(10_000))) == ["wake 10000"])
      #expect(course.state == .running)
    }
    course.give(.timer)
    #expect(course.give(.stepped(.done())) == ["fetch https://world.test/1.mp4"])
    course.give(.stored(.clip))
    #expect(course.state == .completed)
    #expect(course.evidence == ["permit", "answer"])
  }

  @Test("polls that change nothing write nothing")
  func quiet() {
    var course = Course()
    course.run()
    let written = course.changes.count
    for _ in 0..<20 {
      course.pass(5000)
      course.give(.timer)
      course.give(.stepped(.poll))
      course.give(.free(200))
      course.give(.stepped(.wait(5000)))
    }
    #expect(course.changes.count == written)
  }

  @Test("no poll failure is ever terminal; it slows down and says so once")
  func blips() {
    var course = Course()
    course.run()
    var waits: [String] = []
    for n in 0..<10 {
      course.give(.timer)
      course.give(.stepped(.poll))
      switch n % 4 {
      case 0: waits += course.give(.blip)
      case 1: waits += course.give(.free(502, "<html>", type: "text/html"))
      case 2:
        course.give(.free(500))
        waits += course.give(.stepped(.fail(.unavailable)))
      default:
        course.give(.free(200, "not json"))
        waits += course.give(.stepped(.fail(.protocolBroken)))
      }
    }
    #expect(course.state == .running)
    #expect(waits == [1, 2, 4, 8, 16, 32, 64, 64, 64, 64].map { "wake \($0 * 1000)" })
    #expect(course.events.filter { $0 == "job.delayed" }.count == 1)
    // One good answer, and it is all forgotten.
    course.give(.stepped(.wait(5000)))
    #expect(course.record.note == nil)
    course.give(.timer)
    #expect(course.give(.blip) == ["wake 1000"])
  }

  @Test("a word that the plugin does not know keeps polling")
  func unknownWord() {
    var course = Course()
    course.run()
    for _ in 0..<50 {
      course.give(.timer)
      // A plugin's rule for words it does not know is to wait.
      #expect(course.give(.stepped(.wait(10_000, note: "pondering"))) == ["wake 10000"])
    }
    #expect(course.state == .running)
    #expect(course.record.note == nil || course.record.note == "pondering")
  }

  @Test("Retry-After of a poll is kept to")
  func retryAfter() {
    var course = Course()
    course.run()
    #expect(
      course.give(.stepped(.fail(.exhausted, isRetryable: true, after: 45_000)))
        == ["wake 45000"])
  }

  @Test("progress is the provider's own, and told when it changes")
  func progress() {
    var course = Course()
    course.run()
    #expect(course.record.progressPermille == nil)
    for permille in [100, 100, 250, 250, 900] {
      course.give(.stepped(.wait(1000, permille: permille, note: "rendering")))
    }
    #expect(course.record.progressPermille == 900)
    #expect(course.events.filter { $0 == "job.progress" }.count == 3)
  }

  @Test("a credential that stops working while the job runs holds it, nothing is given back")
  func unauthenticated() {
    var course = Course()
    course.run()
    course.give(.stepped(.fail(.unauthenticated, "401")))
    #expect(course.state == .held)
    #expect(course.failure == .providerUnauthenticated)
    #expect(course.money.isEmpty)

  }

  @Test("a key that is gone for a moment costs no job; one that stays away holds it")
  func keyGone() {
    var course = Course()
    course.run()
    let gone = JobInput.answered(JobInput.failed(.no, .credentialMissing), isPaid: false)
    for _ in 0..<5 {
      #expect(course.give(gone).first?.hasPrefix("wake") == true)
      #expect(course.state == .running)
    }
    course.give(.stepped(.wait(1000)))
    for _ in 0..<5 {
      course.give(gone)
      #expect(course.state == .running)
    }
    course.give(gone)
    #expect(course.state == .held)
    #expect(course.failure == .credentialMissing)
    #expect(course.money.isEmpty)
  }

  @Test("a job that polls do not find is asked for again, found before or not; then it has failed")
  func notFound() {
    var course = Course()
    course.accept()
    for _ in 0..<5 {
      #expect(course.give(.stepped(.fail(.notFound, "404"))).first?.hasPrefix("wake") == true)
      #expect(course.state == .submitted)
    }
    course.pass(1000)
    course.give(.stepped(.wait(1000)))
    #expect(course.state == .running)
    // Mishaps of another kind do not make it firm.
    for _ in 0..<9 { course.give(.stepped(.fail(.unavailable, "503"))) }
    for _ in 0..<5 {
      course.give(.stepped(.fail(.notFound, "404")))
      #expect(course.state == .running)
    }
    #expect(course.money.isEmpty)
    course.give(.stepped(.fail(.notFound, "404")))
    #expect(course.state == .failed)
    #expect(course.record.failure?.message.contains("had accepted the job") == true)
    #expect(course.money == [.settle(spent: course.record.quote.amount)])
    #expect(course.record.isUnconfirmed)
  }

  @Test("a plugin that wants to pay for an accepted job is held")
  func paysAgain() {
    var course = Course()
    course.run()
    #expect(course.give(.stepped(.pay)) == [])
    #expect(course.state == .held)
    #expect(course.failure == .pluginFault)
  }

  @Test("the provider's own no ends the job; whether it bills is in its terms")
  func providerFails() {
    for (bills, money) in [
      (SubmitTerms.Bills.success, MoneyMove.release),
      (.accept, .settle(spent: MicroUSD(500_000))),
    ] {
      var course = Course { $0.bills = bills }
      course.run()
      course.give(.stepped(.fail(.refused, "blocked by our content policy")))
      #expect(course.state == .failed)
      #expect(course.failure == .contentBlocked)
      #expect(course.money == [money])
      #expect(course.record.isUnconfirmed == (bills == .accept))
    }
  }

  @Test("a job past its deadline is expired; the deadline runs from the acceptance [C55] [A118]")
  func deadline() {
    var course = Course { $0.deadlineSeconds = 60 }
    course.pass(3_000_000)
    course.accept()
    // The last wait ends at the deadline, not after it.
    course.pass(58_000)
    #expect(course.give(.stepped(.wait(10_000))) == ["wake 2000"])
    course.pass(2000)
    #expect(course.give(.timer) == ["wake 300000"])
    #expect(course.state == .expired)
    #expect(course.failure == .expired)
    #expect(course.money.isEmpty)
    #expect(course.record.tailUntil == course.now + 86_400_000)
  }

  @Test("a sandbox polls faster, but its deadline and Retry-After stay")
  func speed() {
    var course = Course()
    course.run()
    course.speed = 100
    #expect(course.give(.stepped(.wait(10_000))) == ["wake 100"])
    #expect(course.give(.stepped(.wait(1000))) == ["wake 50"])
    #expect(
      course.give(.stepped(.fail(.exhausted, isRetryable: true, after: 9000))) == ["wake 9000"])
  }
}
