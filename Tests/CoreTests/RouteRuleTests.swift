import KinoraCore
import KinoraModel
import Testing

/// Routes: when a job goes on to the next model, and above all when it does not.
@Suite struct RouteRuleTests {
  private func course(_ change: (inout SubmitTerms) -> Void = { _ in }) -> Course {
    var course = Course(change)
    course.job.record.choices = [
      RouteChoice(
        provider: "b", plugin: "other", model: "film",
        request: GenerationRequest(model: "b/film", prompt: "a boat"), kind: .textToVideo,
        asked: [:], terms: SubmitTerms(),
        quote: Quote(amount: MicroUSD(700_000), basis: "5 s", source: "catalog"))
    ]
    course.job.record.reserved = MicroUSD(700_000)
    return course
  }

  private static let refused = PluginStep(
    verdict: .fail(PluginFailure(.exhausted, "no credit is left")))

  @Test("a definite refusal: the next model's turn, its price, its plugin from the beginning")
  func definite() {
    var course = course { $0.definiteStatuses = [402] }
    course.submit()
    course.give(.paid(402))
    #expect(course.give(.stepped(Self.refused)) == ["cool a/clip", "enqueue"])
    #expect(course.state == .queued && course.record.attempt == 2 && course.record.ordinal == 0)
    #expect(course.record.provider == "b" && course.record.plugin == "other")
    #expect(course.record.quote.amount == MicroUSD(700_000))
    #expect(course.record.choices.isEmpty && course.record.pluginState.isEmpty)
    #expect(course.money.isEmpty)
  }

  @Test("the last one's refusal ends the job and gives the money back")
  func last() {
    var course = course { $0.definiteStatuses = [402] }
    course.job.record.choices = []
    course.submit()
    course.give(.paid(402))
    course.give(.stepped(Self.refused))
    #expect(course.state == .failed && course.money == [.release])
  }

  @Test("what may have arrived stays where it is")
  func unknown() {
    var course = course()
    course.submit()
    course.give(
      .answered(
        Exchange(
          outcome: .failed(sent: .unknown, KinoraError(.unavailable, "cut")), transport: .libcurl,
          reason: ""), isPaid: true))
    #expect(course.record.provider == "a" && course.record.choices.count == 1)
    #expect(course.state == .held)
  }

  @Test("a filter's refusal is not offered to the next one")
  func filtered() {
    var course = course { $0.definiteStatuses = [400] }
    course.submit()
    course.give(.paid(400))
    course.give(
      .stepped(PluginStep(verdict: .fail(PluginFailure(.refused, "not this")))))
    #expect(course.state == .failed && course.record.provider == "a")
  }

  @Test("a cancelled job goes nowhere")
  func cancelled() {
    var course = course { $0.definiteStatuses = [402] }
    course.submit()
    course.give(.cancelAsked)
    course.give(.paid(402))
    course.give(.stepped(Self.refused))
    #expect(course.state == .cancelled && course.record.provider == "a")
  }
}
