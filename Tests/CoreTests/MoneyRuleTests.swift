import KinoraCore
import KinoraModel
import Testing

/// Ways to lose money that were found by reading and by chaos.
@Suite struct MoneyRuleTests {
  @Test("where one paid request of two was accepted, the job never begins anew by itself")
  func paidInPart() {
    let ends: [(inout Course) -> Void] = [
      { $0.give(.unsent) },
      {
        $0.give(.permitAsked)
        $0.give(.unsent)
      },
      {
        $0.give(.permitAsked)
        $0.give(.paid(302))
      },
      {
        $0.give(.permitAsked)
        $0.give(.paid(429))
        let failure = PluginFailure(.exhausted, "too often", isRetryable: true)
        $0.give(.stepped(PluginStep(verdict: .fail(failure))))
      },
      {
        $0.give(.cancelAsked)
        $0.give(.unsent)
      },
    ]
    for end in ends {
      var course = Course { $0.paidSends = 2 }
      course.submit()
      course.give(.paid(200))
      course.give(.stepped(.pay))
      end(&course)
      #expect(course.state == .held)
      #expect(course.money == [])
      #expect(course.record.attempt == 1)
    }
  }

  @Test("one paid request at a time, whatever comes twice")
  func once() {
    var course = Course()
    course.wantPay()
    #expect(course.give(.claimed) == [])
    #expect(course.give(.stepped(.pay)) == [])
    #expect(course.give(.timer) == [])
    #expect(course.give(.permitAsked) == ["journal"])
  }

  @Test("a figure above a million dollars is written down and not booked")
  func beyondBelief() {
    var course = Course()
    course.finish(cost: 2_000_000_000_000)
    course.give(.stored(Artifact(sha256: "ab", bytes: 1, mime: "video/mp4")))
    #expect(course.state == .completed)
    #expect(course.money == [.settle(spent: MicroUSD(500_000))])
    #expect(course.record.isUnconfirmed)
    #expect(course.evidence.contains("cost_not_believed"))
  }

  @Test("what a job cost is told by one event: the frozen rate, the seconds that there are")
  func told() throws {
    for (cost, spent, source) in [(nil, 400_000, "catalog"), (Int64(70_000), 70_000, "provider")] {
      var course = Course()
      course.finish(cost: cost)
      var clip = Artifact(sha256: "ab", bytes: 1, mime: "video/mp4")
      clip.durationMilliseconds = 4_040
      course.give(.stored(clip))
      course.give(.stored(clip))
      course.give(.timer)
      _ = course.restart()
      course.give(.timer)
      course.give(.delivered)
      let events = course.changes.flatMap(\.events)
      let costs = try events.compactMap { try JSON.parse($0.data)["cost"] }
      #expect(
        costs == [
          [
            "currency": "USD", "microusd": JSON(Int64(spent)), "video_seconds": 4.04,
            "per_second_microusd": 100_000, "source": .string(source),
          ]
        ])
      #expect(course.events.count { $0 == "job.completed" } == 1)
    }
    var failed = Course()
    failed.submit()
    failed.give(.paid(200))
    failed.give(.stepped(PluginStep(verdict: .fail(PluginFailure(.invalid, "no")))))
    #expect(failed.state == .failed)
    let data = try failed.changes.flatMap(\.events).map { try JSON.parse($0.data) }
    #expect(data.allSatisfy { $0["cost"] == nil })
  }

  @Test("an extension costs what was added: its file begins with the source, paid before")
  func extended() {
    for (kind, spent) in [(GenerationKind.extend, 500_000), (.remix, 1_200_000)] {
      var course = Course()
      course.job.record.kind = kind
      course.finish(cost: nil)
      var clip = Artifact(sha256: "ab", bytes: 1, mime: "video/mp4")
      clip.durationMilliseconds = 12_000
      course.give(.stored(clip))
      #expect(course.money == [.settle(spent: MicroUSD(Int64(spent)))])
    }
  }

  @Test("a result that came with the submit's answer keeps its address, however often it fails")
  func noPoll() {
    var course = Course()
    course.submit()
    course.give(.paid(200))
    course.give(.stepped(.done(cost: nil)))
    for _ in 0..<5 {
      course.give(.assetFailed(KinoraError(.providerUnavailable, "the host is away")))
      #expect(course.state == .fetching)
      #expect(course.record.assets.count == 1)
      #expect(course.give(.timer).first?.hasPrefix("fetch") == true)
    }
  }

  @Test("an adoption that fails while the submit is looked up lets the lookup go on")
  func adoptionFails() {
    var course = Course { $0.reconcile = .byTag }
    course.lose()
    course.give(.resolved(.adopt("p9")))
    let failure = PluginFailure(.invalid, "that is no id")
    let effects = course.give(.stepped(PluginStep(verdict: .fail(failure))))
    #expect(course.state == .submitUnknown)
    #expect(effects.first?.hasPrefix("wake") == true)
  }
}
