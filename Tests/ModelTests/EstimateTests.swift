import KinoraModel
import Testing

/// The guess how far a job is.
@Suite struct EstimateTests {
  private static let typical = TypicalTime(median: 60_000, most: 100_000)

  @Test("it rises with time and never says that a job is done [A115]")
  func rises() {
    let guesses = [-5, 0, 10_000, 60_000, 94_999, 95_000, 99_999, 100_000, 9_000_000].map {
      Estimate(Self.typical, elapsed: $0)
    }
    #expect(guesses.map(\.permille) == [0, 0, 100, 600, 949, 950, 950, 950, 950])
    #expect(guesses.map(\.left) == [100_000, 100_000, 90_000, 40_000, 5001, 5000, 1, nil, nil])
    #expect(Estimate(TypicalTime(median: 0, most: 0), elapsed: 0).permille == 0)
  }

  @Test(
    "there is none without history, before the provider has it, and beside a real figure [A115]")
  func absent() {
    var record = JobRecord(
      id: JobID(rawValue: "video_1"), client: "c", principal: "c", door: "videos", createdAt: 0,
      request: GenerationRequest(model: "m", prompt: "p"), kind: .textToVideo, provider: "p",
      plugin: "p", model: "m", seed: "00", terms: SubmitTerms(),
      quote: Quote(amount: .zero, basis: "", source: ""), queueUntil: 0)
    record.state = .running
    record.submittedAt = 10_000
    #expect(Estimate.of(record, now: 60_000) == nil)
    record.typical = Self.typical
    #expect(Estimate.of(record, now: 60_000)?.permille == 500)
    record.progressPermille = 10
    #expect(Estimate.of(record, now: 60_000) == nil)
    record.progressPermille = nil
    for state in [JobState.queued, .submitting, .submitUnknown, .completed, .failed, .held] {
      record.state = state
      #expect(Estimate.of(record, now: 60_000) == nil)
    }
  }
}
