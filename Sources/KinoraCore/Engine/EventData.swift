import KinoraModel

/// The JSON of an event: small, and the same through every door.
enum EventData {
  static func of(_ record: JobRecord, at: Milliseconds) -> [UInt8] {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    json.member("id", .string(record.id.rawValue))
    json.member("at", .string(UTC.timestamp(at)))
    json.member("n", .integer(Int64(record.sequence)))
    json.member("state", .string(record.state.rawValue))
    json.member("status", .string(record.state.outward))
    json.member("attempt", .integer(Int64(record.attempt)))
    json.member(ifPresent: "progress_permille", record.progressPermille.map(Int64.init))
    json.member(ifPresent: "provider_id", record.handle)
    json.member(ifPresent: "note", record.note)
    if let failure = record.failure, record.state.isOutwardlyOver {
      json.key("error")
      json.beginObject()
      json.member("code", .string(failure.code.rawValue))
      json.member("message", .string(failure.message))
      json.endObject()
    }
    json.member(ifPresent: "settled_microusd", record.settled?.rawValue)
    if record.state == .completed {
      json.key("cost")
      cost(of: record, to: &json)
    }
    json.endObject()
    return json.bytes
  }

  /// What a completed job cost: in its one event `job.completed` and in no other, since a job is moved to
  /// that state once and nothing is said in it. The rate is the one that was frozen with the reservation,
  /// the seconds are those of the files.
  private static func cost(of record: JobRecord, to json: inout JSONWriter) {
    json.beginObject()
    json.member("currency", "USD")
    json.member("microusd", .integer(record.settled?.rawValue ?? 0))
    json.member("video_seconds", .number(Double(record.videoMilliseconds) / 1000))
    json.member("per_second_microusd", JSON(record.quote.perSecond?.rawValue))
    json.member("source", .string(record.providerCost == nil ? record.quote.source : "provider"))
    json.endObject()
  }
}
