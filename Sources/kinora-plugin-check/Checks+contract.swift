import CSys
import Glibc
import KinoraModel
import KinoraPluginHost

extension Check {
  /// What a step must be.
  static let contract: [Check] = [
    Check(
      name: "verdict",
      demand: "every event gets exactly one verdict and every request is well formed"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      let events = try subject.events(plugin)
      for event in events { _ = try step(plugin, event) }
      return "\(events.count) events"
    },
    Check(
      name: "pure", demand: "the same event gives the same step, whatever came between"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      let events = try subject.events(plugin)
      let first = try events.map { (event) throws(KinoraError) in try step(plugin, event) }
      for i in events.indices.reversed() where try step(plugin, events[i]) != first[i] {
        throw wrong("\(describe(events[i])): the second step differs from the first")
      }
      return "\(events.count) events twice"
    },
    Check(
      name: "paid", demand: "one attempt sends no more paid requests than the catalog names, no GET"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      var chains = 0
      for event in Battery.begins(plugin) {
        chains += try follow(plugin, event, paid: 0, depth: 0)
      }
      return "\(chains) chains of requests"
    },
    Check(
      name: "time", demand: "a step takes less than a millisecond of one core"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      let events = Battery.events(plugin).filter {
        if case .response(let response) = $0.kind { response.body.count < 16 * 1024 } else { true }
      }
      var slowest: Int64 = 0
      var total: Int64 = 0
      for event in events { _ = try step(plugin, event) }
      for event in events {
        // The best of three: caches are cold at first.
        var best = Int64.max
        for _ in 0..<3 {
          let start = kn_microseconds(CLOCK_THREAD_CPUTIME_ID)
          _ = try? plugin.step(event)
          best = min(best, kn_microseconds(CLOCK_THREAD_CPUTIME_ID) - start)
        }
        slowest = max(slowest, best)
        total += best
      }
      guard slowest < budget else {
        throw wrong("the slowest step took \(slowest) µs, \(budget) are allowed")
      }
      return "mean \(total / Int64(max(events.count, 1))) µs, slowest \(slowest) µs"
    },
    Check(
      name: "transcripts", demand: "the golden conversations come out as written"
    ) { (subject) throws(KinoraError) in
      guard let folder = subject.transcripts else { return "none given (--transcripts DIR)" }
      let transcripts = try TranscriptFolder(folder)
      let complaints = try transcripts.check(try subject.plugin(), rewrite: subject.rewrites)
      guard complaints.isEmpty else {
        throw wrong("\(complaints.count) steps differ, first: \(complaints[0])")
      }
      guard !transcripts.files.isEmpty else { throw wrong("\(folder) holds no *.jsonl") }
      return "\(transcripts.files.count) files"
    },
  ]

  /// Microseconds; a tenth of what would hurt other jobs on the same thread.
  private static let budget: Int64 = 1000

  /// Goes on from a step that sends, with every answer there is, and counts what is paid.
  private static func follow(_ plugin: LoadedPlugin, _ event: PluginEvent, paid: Int, depth: Int)
    throws(KinoraError) -> Int
  {
    let step = try plugin.step(event)
    guard case .send(let request) = step.verdict else { return 1 }
    if !request.isIdempotent, request.method == "GET" {
      throw wrong("\(describe(event)): a GET is sent as paid; set KN_IDEMPOTENT")
    }
    let model = (try? JSON.parse(event.job))?["model"]?.string
    let allowed = plugin.catalog.models.first { $0.id == model }?.terms.paidSends ?? 1
    let total = paid + (request.isIdempotent ? 0 : 1)
    guard total <= allowed else {
      throw wrong("\(describe(event)): paid request \(total), paid_sends is \(allowed)")
    }
    guard depth < 3 else { return 1 }
    var chains = 0
    for answer in Battery.answers where answer.status < 300 && answer.body.count < 200 {
      var next = event
      next.kind = .response(answer)
      next.ordinal = total
      next.state = step.state ?? event.state
      chains += try follow(plugin, next, paid: total, depth: depth + 1)
    }
    return chains
  }

  /// A step as text, so that two can be compared; names the event in a complaint.
  static func step(_ plugin: LoadedPlugin, _ event: PluginEvent, odd: OddStructs? = nil)
    throws(KinoraError) -> String
  {
    do throws(KinoraError) {
      let step =
        if let odd { try plugin.step(event, odd: odd) } else { try plugin.step(event) }
      return step.json.text
    } catch {
      throw wrong("\(describe(event)): \(error.message)")
    }
  }

  /// Which event, in a line.
  static func describe(_ event: PluginEvent) -> String {
    let job = try? JSON.parse(event.job)
    let model = job?["model"]?.string ?? "no model"
    switch event.kind {
    case .response(let response):
      let body = String(decoding: response.body.prefix(60), as: UTF8.self)
      let state = String(decoding: event.state.prefix(60), as: UTF8.self)
      return "\(model), answer \(response.status) \(body) in state \(state)"
    case .adopt(let handle): return "\(model), adopt \(handle)"
    case .begin: return "\(model), begin"
    case .unreachable: return "\(model), unreachable"
    case .timer: return "\(model), timer"
    case .cancel: return "\(model), cancel"
    case .reconcile: return "\(model), reconcile"
    }
  }
}
