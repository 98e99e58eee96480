import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET /v1/videos/ID/progress`: how far a job is, as it stands this moment. A job itself is told anew
/// only when it changes; a guess and a place in a queue change by themselves.
extension APIService {
  func videoProgress(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let record = try await service.job(call.job, call.viewer)
      let place = await service.place(record)
      var response = Answer.json([
        "object": "video.progress", "id": .string(record.id.rawValue),
        "status": .string(record.state.outward), "state": .string(record.state.rawValue),
        "progress_permille": JSON(record.progressPermille),
        "estimate": Self.estimate(record, now: clock.now()),
        "queue": place.map(Self.queue) ?? .null,
      ])
      if !record.state.isOutwardlyOver {
        response.fields.append("Retry-After", KinoraObject.pollAfter)
      }
      return response
    }
  }

  private static func estimate(_ record: JobRecord, now: Milliseconds) -> JSON {
    guard let estimate = Estimate.of(record, now: now), let typical = record.typical else {
      return .null
    }
    return [
      "estimated": true, "permille": .integer(Int64(estimate.permille)),
      "seconds_left": JSON(estimate.left.map { ($0 + 999) / 1000 }),
      "typical_seconds": .integer((typical.median + 999) / 1000),
      "most_seconds": .integer((typical.most + 999) / 1000),
    ]
  }

  private static func queue(_ place: QueuePlace) -> JSON {
    [
      "position": .integer(Int64(place.position)), "waiting": .integer(Int64(place.waiting)),
      "running": .integer(Int64(place.running)),
      "max_concurrent": place.limit == 0 ? .null : .integer(Int64(place.limit)),
    ]
  }
}
