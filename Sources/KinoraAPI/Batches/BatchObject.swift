import KinoraModel

/// A batch as clients see it: how many of its requests are where, and which job each became. It is
/// made of its jobs, which know where they belong; nothing else is kept.
struct BatchObject {
  let id: String
  let total: Int
  /// By place, from 0.
  var jobs: [Int: JobRecord] = [:]
  /// Why a request became no job, by place; known to the answer of the POST alone.
  var refusals: [Int: KinoraError] = [:]

  init(id: String, total: Int) {
    self.id = id
    self.total = total
  }

  /// Nil when these are no jobs of a batch.
  init?(id: String, _ records: [JobRecord]) {
    let places = records.compactMap { record -> (Int, Int, JobRecord)? in
      let parts = record.request.metadata[BatchRequest.placeKey]?.split(separator: "/") ?? []
      guard parts.count == 2, let place = Int(parts[0]), let total = Int(parts[1]),
        (1...BatchRequest.most).contains(total), (1...total).contains(place)
      else { return nil }
      return (place, total, record)
    }
    guard let total = places.first?.1 else { return nil }
    self.init(id: id, total: total)
    for (place, _, record) in places { jobs[place - 1] = record }
  }

  var isOver: Bool { jobs.values.allSatisfy(\.state.isOutwardlyOver) }

  var json: JSON {
    let words = jobs.values.map(\.state.outward)
    func count(_ word: String) -> JSON { .integer(Int64(words.count { $0 == word })) }
    return [
      "id": .string(id), "object": "batch", "status": isOver ? "completed" : "in_progress",
      "counts": [
        "total": .integer(Int64(total)), "queued": count("queued"),
        "in_progress": count("in_progress"), "completed": count("completed"),
        "failed": count("failed"), "not_made": .integer(Int64(total - jobs.count)),
      ],
      "cost": [
        "currency": "USD",
        "quoted_microusd": .integer(jobs.values.reduce(0) { $0 + $1.quote.amount.rawValue }),
        "settled_microusd": .integer(
          jobs.values.reduce(0) { $0 + ($1.settled?.rawValue ?? 0) }),
      ],
      "requests": .array((0..<total).map(row)),
    ]
  }

  private func row(_ place: Int) -> JSON {
    let record = jobs[place]
    var error = JSON.null
    if let refusal = refusals[place] {
      error = ["code": .string(refusal.code.rawValue), "message": .string(refusal.message)]
    } else if let (code, message) = record.flatMap(JobRenderer.failure) {
      error = ["code": .string(code.rawValue), "message": .string(message)]
    }
    return [
      "index": .integer(Int64(place)), "id": JSON(record?.id.rawValue),
      "status": .string(record?.state.outward ?? "not_made"), "error": error,
    ]
  }
}
