import KinoraModel
import Synchronization

/// What the front door counts: answers by route, method and status, and accepted jobs.
final class RequestCounter: Sendable {
  private struct Made: Hashable {
    var provider: String
    var model: String
    var door: String
  }
  /// By route, method and status, packed into one number: this is counted for every answer.
  private let answers = Mutex<[Int: UInt64]>([:])
  private let jobs = Mutex<[Made: UInt64]>([:])

  /// The last one stands for all that nobody knows: a client must not be able to make series.
  private static let methods = [
    "GET", "POST", "HEAD", "DELETE", "PUT", "PATCH", "OPTIONS", "other",
  ]

  /// One answer; `route` is -1 where there was none.
  func answered(route: Int, method: String, status: Int) {
    let number = Self.methods.firstIndex(of: method) ?? Self.methods.count - 1
    let key = (route + 1) << 16 | number << 12 | status
    answers.withLock { $0[key, default: 0] += 1 }
  }

  /// One new job.
  func accepted(_ record: JobRecord) {
    let made = Made(provider: record.provider, model: record.model, door: record.door)
    jobs.withLock { $0[made, default: 0] += 1 }
  }

  /// The counts so far.
  var families: [MetricFamily] {
    let answers = answers.withLock { $0 }.sorted { $0.key < $1.key }
    let jobs = jobs.withLock { $0 }.sorted { a, b in
      (a.key.provider, a.key.model, a.key.door) < (b.key.provider, b.key.model, b.key.door)
    }
    return [
      MetricFamily(
        "kinora_http_requests_total", "Answers by route, method and status.", .counter,
        answers.map { key, count in
          let route = key >> 16 - 1
          let known = Routes.all.indices.contains(route)
          return MetricFamily.Sample(
            Double(count),
            [
              ("route", known ? Routes.all[route].template : "none"),
              ("method", Self.methods[key >> 12 & 15]), ("code", String(key & 0xfff)),
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
