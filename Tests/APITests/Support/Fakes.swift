import Glibc
import KinoraAPI
import KinoraModel
import Synchronization

/// Plugins that never answer: in these tests nothing leaves the house.
struct NoPlugins: Plugins {
  func step(plugin: String, event: PluginEvent) async throws(KinoraError) -> PluginStep {
    throw KinoraError(.unavailable, "no plugin")
  }
  func list() -> [PluginInfo] { [] }
}

struct NoTransport: Transport {
  private static let none = Exchange(
    outcome: .failed(sent: .no, KinoraError(.unavailable, "no network")), transport: .libcurl,
    reason: "none")
  func send(_ request: ProviderRequest, provider: String, permit: Permit?) async -> Exchange {
    Self.none
  }
  func download(
    _ request: ProviderRequest, provider: String, to path: String, limit: Int64
  ) async -> Exchange { Self.none }
}

struct NoIntents: IntentLog {
  func append(_ intent: Intent) async throws(KinoraError) {}
}

/// A steady clock that really runs, and a wall clock that starts at a known moment.
struct TestClock: Clock {
  static let start: Milliseconds = 1_795_248_000_000
  private let began = ContinuousClock.now

  func now() -> Milliseconds { Self.start + steady() }
  func steady() -> Milliseconds {
    let passed = ContinuousClock.now - began
    return passed.components.seconds * 1000 + passed.components.attoseconds / 1_000_000_000_000_000
  }
  func sleep(untilSteady: Milliseconds) async {
    try? await Task.sleep(for: .milliseconds(max(0, untilSteady - steady())))
  }
}

/// Numbers in a row: different every time, the same in every run.
final class TestEntropy: Entropy {
  private let state = Mutex<UInt64>(1)
  func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in
      state.withLock { state in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
      }
    }
  }
}

/// Fetches from a table.
struct TestFetcher: InputFetcher {
  var pages: [String: [UInt8]] = [:]
  func fetch(url: String, to path: String, limit: Int64) async throws(KinoraError) {
    guard let bytes = pages[url] else {
      throw KinoraError(.urlRefused, "private addresses are not fetched")
    }
    TestFiles.write(bytes, to: path)
  }
}

/// The daemon's side, with knobs.
final class TestAdmin: AdminPort {
  struct Knobs {
    var isDraining = false
    var paused: [Bool] = []
    var reloadErrors: [KinoraError] = []
    var readiness: [ReadinessCheck] = [ReadinessCheck(name: "store")]
    var providers: [ProviderFacts] = []
    var reported: [String] = []
  }
  let knobs = Mutex(Knobs())

  var isDraining: Bool { knobs.withLock { $0.isDraining } }
  var version: VersionFacts { VersionFacts(version: "1.2.3", abi: "1.0", schema: 4) }
  func plugins() -> [PluginInfo] {
    [PluginInfo(name: "sample", id: "net.example.sample", path: "/p.so", state: .loaded)]
  }
  func providers() -> [ProviderFacts] { knobs.withLock { $0.providers } }
  func configuration() -> JSON { ["version": 1] }
  func reload() async -> [KinoraError] { knobs.withLock { $0.reloadErrors } }
  func setPaused(_ paused: Bool) async throws(KinoraError) {
    knobs.withLock { $0.paused.append(paused) }
  }
  func doctor() async -> [DoctorCheck] {
    [DoctorCheck(name: "disk", status: .fail, detail: "full", fix: "make room")]
  }
  func examine(provider: String) async throws(KinoraError) -> ProviderExamination {
    guard provider == "sample" else { throw KinoraError(.notFound, "no provider \(provider)") }
    return ProviderExamination(
      provider: provider, checks: await doctor(), models: [("clip", true), ("org/wide", nil)])
  }
  func readiness() async -> [ReadinessCheck] { knobs.withLock { $0.readiness } }
  func report(_ error: KinoraError, requestID: String) {
    knobs.withLock { $0.reported.append("\(requestID) \(error.message)") }
  }
  func metrics() async -> [MetricFamily] {
    [MetricFamily("process_open_fds", "Open descriptors.", .gauge, 12)]
  }
}
