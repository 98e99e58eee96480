import KinoraModel
import Synchronization

/// What the front door counts: answers by route, method and status, and accepted jobs.
final class RequestCounter: Sendable {
  private struct Answer: Hashable {
    var route: Int
    var method: String
    var status: Int
  }
  private struct Made: Hashable {
    var provider: String
    var model: String
    var door: String
  }
  private let answers = Mutex<[Answer: UInt64]>([:])
  private let jobs = Mutex<[Made: UInt64]>([:])

  private static let methods: Set<String> = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
  ]

  /// One answer. A method that nobody knows counts as `other`: a client must not be able to make
  /// series.
  func answered(route: Int, method: String, status: Int) {
    let name = Self.methods.contains(method) ? method : "other"
    answers.withLock { $0[Answer(route: route, method: name, status: status), default: 0] += 1 }
  }

  /// One new job.
  func accepted(_ record: JobRecord) {
    let made = Made(provider: record.provider, model: record.model, door: record.door)
    jobs.withLock { $0[made, default: 0] += 1 }
  }

  /// The counts so far.
  var families: [MetricFamily] {
    let answers = answers.withLock { $0 }.sorted { a, b in
      (a.key.route, a.key.method, a.key.status) < (b.key.route, b.key.method, b.key.status)
    }
    let jobs = jobs.withLock { $0 }.sorted { a, b in
      (a.key.provider, a.key.model, a.key.door) < (b.key.provider, b.key.model, b.key.door)
    }
    return [
      MetricFamily(
        "kinora_http_requests_total", "Answers by route, method and status.", .counter,
        answers.map { key, count in
          let known = Routes.all.indices.contains(key.route)
          return MetricFamily.Sample(
            Double(count),
            [
              ("route", known ? Routes.all[key.route].template : "none"), ("method", key.method),
              ("code", String(key.status)),
            ])
        }),
      MetricFamily(
        "kinora_jobs_created_total", "Jobs accepted since the start.", .counter,
        jobs.map { key, count in
          MetricFamily.Sample(
            Double(count), [("provider", key.provider), ("model", key.model), ("via", key.door)])
        }),
    ]
  }
}
