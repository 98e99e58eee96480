import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET /metrics`. Names of jobs, prompts and principals never become labels.
extension APIService {
  func metrics(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      var families = try await jobFamilies()
      families += counter.families
      families += await admin.metrics()
      var text = ""
      for family in families { family.write(to: &text) }
      return Answer.text(text, type: "text/plain; version=0.0.4; charset=utf-8")
    }
  }

  private func jobFamilies() async throws(KinoraError) -> [MetricFamily] {
    typealias Sample = MetricFamily.Sample
    let status = await service.status()
    let counts = service.counts
    let live = JobState.allCases.filter { !$0.isTerminal }
    let usage = try await service.usage(day: nil, Self.host)
    let host = usage.filter { $0.scope == "host" }
    let today = UTC.day(clock.now())
    let reserved = host.reduce(MicroUSD.zero) { $0 + $1.reserved }
    let plugins = admin.plugins()
    var families = [
      MetricFamily(
        "kinora_build_info", "The daemon's version, as a label of the number 1.", .gauge,
        [Sample(1, [("version", admin.version.version)])]),
      MetricFamily(
        "kinora_jobs", "Jobs that are not over, by state.", .gauge,
        live.map { Sample(Double(counts[$0] ?? 0), [("state", $0.rawValue)]) }),
      MetricFamily(
        "kinora_submit_unknown_jobs", "Jobs whose paid request may or may not have been taken.",
        .gauge, Double(counts[.submitUnknown] ?? 0)),
      MetricFamily(
        "kinora_held_jobs", "Jobs that wait for a person's decision.", .gauge,
        Double(counts[.held] ?? 0)),
      MetricFamily(
        "kinora_provider_running_jobs", "Jobs that hold a place of a provider.", .gauge,
        status.running.sorted { $0.key < $1.key }.map {
          Sample(Double($0.value), [("provider", $0.key)])
        }),
      MetricFamily(
        "kinora_provider_queued_jobs", "Jobs that wait for a place of a provider.", .gauge,
        status.queued.sorted { $0.key < $1.key }.map {
          Sample(Double($0.value), [("provider", $0.key)])
        }),
      MetricFamily(
        "kinora_paid_requests_in_flight", "Paid requests on their way.", .gauge,
        Double(status.paidUnderWay)),
      MetricFamily(
        "kinora_paused", "1 while paid submits are paused.", .gauge, status.isPaused ? 1 : 0),
      MetricFamily(
        "kinora_reserved_usd", "Money put aside for open jobs.", .gauge, Self.usd(reserved)),
      MetricFamily(
        "kinora_spent_today_usd", "Money booked on the present UTC day.", .gauge,
        Self.usd(host.first { $0.day == today }?.spent ?? .zero)),
      MetricFamily(
        "kinora_results_total", "Files of completed jobs, since the database was made.", .counter,
        Double(host.reduce(0) { $0 + $1.results })),
      MetricFamily(
        "kinora_video_seconds_total", "Seconds of video in them.", .counter,
        Double(host.reduce(0) { $0 + $1.video }) / 1000),
      MetricFamily(
        "kinora_store_free_bytes", "Free space of the state directory.", .gauge,
        Double(artifacts.freeBytes())),
      MetricFamily(
        "kinora_plugin_faults_total", "Steps that broke the contract, by plugin.", .counter,
        plugins.map { Sample(Double($0.faults), [("plugin", $0.name)]) }),
    ]
    if let cap = service.policy.hostCap {
      let used = host.first { $0.day == today }.map { $0.reserved + $0.spent } ?? .zero
      families.append(
        MetricFamily(
          "kinora_budget_remaining_usd", "What is left of a budget on the present UTC day.",
          .gauge, [Sample(Self.usd(max(cap - used, .zero)), [("scope", "host")])]))
    }
    return families
  }

  private static func usd(_ amount: MicroUSD) -> Double { Double(amount.rawValue) / 1_000_000 }

  /// Reads the host's sums, which name nobody.
  private static let host = Viewer(principal: "", client: "", isAdmin: true)
}
