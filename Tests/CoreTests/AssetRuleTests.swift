import KinoraCore
import KinoraModel
import Testing

/// From the provider's success to a file: it is paid for, so it is not given up lightly.
@Suite struct AssetRuleTests {
  private let unreachable = JobInput.assetFailed(KinoraError(.providerUnavailable, "503"))
  private let wrong = JobInput.assetFailed(KinoraError(.assetUnusable, "404"))

  @Test("a failed download is tried again without a new submit [C63]")
  func retried() {
    var course = Course()
    course.finish()
    #expect(course.give(wrong) == ["wake 5000"])
    #expect(course.give(.timer) == ["fetch https://world.test/1.mp4"])
    #expect(course.give(wrong) == ["wake 5000"])
    course.give(.timer)
    // The third time it asks the provider for a fresh address.
    #expect(course.give(wrong) == ["wake 5000"])
    #expect(course.state == .running)
    #expect(course.give(.timer) == ["step timer"])
    #expect(
      course.give(.stepped(.done(assets: ["https://world.test/2.mp4"])))
        == ["fetch https://world.test/2.mp4"])
    course.give(.stored(.clip))
    #expect(course.state == .completed)
    #expect(course.record.attempt == 1)
    #expect(course.record.ordinal == 1)
    #expect(course.evidence == ["permit", "answer"])
  }

  @Test("a file that came and is wrong ends the job after twelve tries, fresh addresses or not")
  func givenUp() {
    var course = Course()
    course.finish()
    var tries = 0
    while course.state != .failed, tries < 100 {
      tries += 1
      course.give(wrong)
      course.give(.timer)
      if course.state == .running { course.give(.stepped(.done())) }
    }
    #expect(tries == 12)
    #expect(course.failure == .assetUnusable)
    #expect(course.money == [.settle(spent: MicroUSD(500_000))])
    #expect(course.record.isUnconfirmed)
  }

  @Test("a file that cannot be reached is tried as long as the provider keeps it")
  func unreachableLong() {
    var course = Course {
      $0.assetLifeSeconds = 7200
      $0.deadlineSeconds = 86_400
    }
    course.finish()
    for _ in 0..<60 {
      course.give(unreachable)
      #expect(course.state == .running || course.state == .fetching)
      course.pass(60_000)
      course.give(.timer)
      if course.state == .running { course.give(.stepped(.done())) }
    }
    course.pass(7_200_000)
    course.give(unreachable)
    #expect(course.state == .failed)
    #expect(course.money == [.settle(spent: MicroUSD(500_000))])
  }

  @Test("a full disk waits for space, however long")
  func noSpace() {
    var course = Course()
    course.finish()
    for _ in 0..<100 {
      #expect(
        course.give(.assetFailed(KinoraError(.storageFull, "no space"))) == ["wake 30000"])
      course.give(.timer)
    }
    #expect(course.state == .fetching)
    #expect(course.events.filter { $0 == "job.delayed" }.count == 1)
  }

  @Test("several results are stored in their order, and settled once")
  func several() {
    var course = Course()
    course.run()
    #expect(course.give(.stepped(.done(assets: ["1", "2", "3"]))) == ["fetch 1"])
    #expect(course.give(.stored(.clip)) == ["fetch 2"])
    // A restart goes on with the second.
    _ = course.restart()
    #expect(course.give(.timer) == ["fetch 2"])
    #expect(course.give(.stored(.clip)) == ["fetch 3"])
    #expect(course.give(.stored(.clip)) == [])
    #expect(course.state == .completed)
    #expect(course.record.artifacts.count == 3)
    #expect(course.money.count == 1)
  }

  private func inline(_ isPaid: Bool) -> JobInput {
    var response = ProviderResponse(status: 200, body: Array("{}".utf8))
    response.spools = [.init(ref: "out0", pointer: "/data", length: 9, path: "tmp/9")]
    let exchange = Exchange(outcome: .response(response), transport: .libcurl, reason: "paid")
    return .answered(exchange, isPaid: isPaid)
  }
  private let spool = PluginStep(
    verdict: .succeed(Array(#"{"assets":[{"spool":"out0","encoding":"base64"}]}"#.utf8)))

  @Test("a result inside the answer is stored from its file before the job says so")
  func inline() {
    var course = Course()
    course.submit()
    course.give(inline(true))
    #expect(course.give(.stepped(spool)) == ["fetch tmp/9"])
    // The file dies with the process: a crash now is an unknown submit.
    #expect(course.state == .submitting)
    var crashed = course
    _ = crashed.restart()
    #expect(crashed.state == .held)

    #expect(course.give(.stored(.clip)) == [])
    #expect(course.state == .completed)
    #expect(
      course.events.suffix(4) == ["job.submitted", "job.ready", "job.fetching", "job.completed"])
    #expect(course.money == [.settle(spent: MicroUSD(500_000))])
  }

  @Test("a result inside a poll's answer is stored as well")
  func inlinePolled() {
    var course = Course()
    course.run()
    course.give(inline(false))
    #expect(course.give(.stepped(spool)) == ["fetch tmp/9"])
    course.give(.stored(.clip))
    #expect(course.state == .completed)
  }

  @Test("a result inside the answer waits for space, too")
  func inlineNoSpace() {
    var course = Course()
    course.submit()
    course.give(inline(true))
    course.give(.stepped(spool))
    #expect(course.give(.assetFailed(KinoraError(.storageFull, "no space"))) == ["wake 30000"])
    #expect(course.give(.timer) == ["fetch tmp/9"])
    course.give(.stored(.clip))
    #expect(course.state == .completed)
  }

  @Test("a file that no answer brought is the plugin's bug: held, the money stays")
  func unknownSpool() {
    var course = Course()
    course.run()
    course.give(.stepped(spool))
    #expect(course.state == .held)
    #expect(course.failure == .pluginFault)
    #expect(course.money.isEmpty)
  }

  @Test("done without a result is a failure, billed as the terms say")
  func nothing() {
    for result in ["{}", #"{"assets":[]}"#, #"{"assets":[{"mime":"video/mp4"}]}"#, "nonsense"] {
      var course = Course()
      course.run()
      course.give(.stepped(PluginStep(verdict: .succeed(Array(result.utf8)))))
      #expect(course.state == .failed)
      #expect(course.failure == .providerProtocol)
      #expect(course.money == [.release])
    }
  }

  @Test("the provider's figure is booked, even above the reservation, and told")
  func costs() {
    for (cost, isAbove) in [(123_456 as Int64, false), (900_000, true), (0, false)] {
      var course = Course()
      course.finish(cost: cost)
      course.give(.stored(.clip))
      #expect(course.money == [.settle(spent: MicroUSD(cost))])
      #expect(course.record.settled == MicroUSD(cost))
      #expect(course.record.reserved == .zero)
      #expect(!course.record.isUnconfirmed)
      #expect(course.events.contains("job.cost_above_quote") == isAbove)
    }
  }
}
