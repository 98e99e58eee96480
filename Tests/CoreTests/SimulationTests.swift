import Glibc
import KinoraModel
import Synchronization
import Testing

/// The whole core under random faults and crashes, on virtual time, one seed a run.
@Suite struct SimulationTests {
  /// `KINORA_SEED=n` repeats one run (add `SWIFT_DETERMINISTIC_HASHING=1` for the very same order),
  /// `KINORA_SEEDS=n` changes how many there are.
  static func number(_ name: String) -> UInt64? {
    getenv(name).flatMap { UInt64(String(cString: $0)) }
  }
  /// Real seconds after which no further seed is begun, once there were enough.
  static let budget: Duration = .seconds(20)
  static let fewest = 50

  @Test("no seed loses a job, buys twice or miscounts money [T14] [C54] [C61] [A4]")
  func seeds() async {
    let only = Self.number("KINORA_SEED")
    let seeds = only.map { $0...$0 } ?? 1...(Self.number("KINORA_SEEDS") ?? 1000)
    let begin = ContinuousClock.now
    let limit = Self.number("KINORA_SEEDS") == nil ? Self.budget : .seconds(36_000)
    let outcomes = await SimLoop.onThread {
      var outcomes: [(UInt64, Scenario.Outcome)] = []
      for seed in seeds
      where outcomes.count < Self.fewest || ContinuousClock.now - begin < limit {
        outcomes.append((seed, Scenario.run(seed: seed)))
      }
      return outcomes
    }
    let took = ContinuousClock.now - begin
    for (seed, outcome) in outcomes where !outcome.violations.isEmpty {
      Issue.record("KINORA_SEED=\(seed): \(outcome.violations.prefix(5))")
    }
    let all = outcomes.map(\.1)
    let ends = all.reduce(into: [:]) { $0.merge($1.ends, uniquingKeysWith: +) }
    print(
      "simulation: \(all.count) seeds, \(all.reduce(0) { $0 + $1.jobs }) jobs, "
        + "\(all.reduce(0) { $0 + $1.crashes }) crashes, "
        + "\(all.reduce(0) { $0 + $1.creations }) purchases, "
        + "\(all.reduce(0) { $0 + $1.steps }) steps, \(took), "
        + "last end \(all.map(\.settledAfter).max() ?? 0) ms after the last fault, "
        + "\(ends.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" })")
    #expect(only != nil || all.count >= min(Self.fewest, seeds.count))
  }

  @Test("the same seed is the same run")
  func determinism() async {
    let traces = await SimLoop.onThread {
      (1...5 as ClosedRange<UInt64>).map { seed in
        [Scenario.run(seed: seed).trace, Scenario.run(seed: seed).trace]
      }
    }
    for pair in traces { #expect(pair[0] == pair[1]) }
    #expect(Set(traces.map { $0[0] }).count == traces.count)
  }
}
