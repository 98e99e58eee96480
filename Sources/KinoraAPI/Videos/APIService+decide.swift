import KinoraCore
import KinoraHTTP
import KinoraModel

/// Deciding about a job: cancel, resolve, delete; and what is known about its paid requests.
extension APIService {
  func cancelVideo(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      Answer.json(form(try await service.cancel(call.job, call.viewer)))
    }
  }

  func resolveVideo(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let resolution = try Self.resolution(try parsed(call.request))
      let record = try await service.resolve(call.job, resolution, call.viewer)
      return Answer.json(form(record))
    }
  }

  /// `{"action":"adopt","provider_id":"…"}`, `{"action":"not_charged"}` or `{"action":"give_up"}`.
  static func resolution(_ body: ParsedBody) throws(KinoraError) -> Resolution {
    let fields = FieldReader(json: body.json, body: body)
    try fields.only(["action", "provider_id"])
    let actions = ["adopt", "not_charged", "give_up"]
    let id = try fields.string("provider_id", most: 1024)
    let action = try fields.string("action", most: 64)
    guard let action, actions.contains(action) else {
      throw fields.error("action", "must be adopt, not_charged or give_up", actions)
    }
    guard (action == "adopt") == (id?.isEmpty == false) else {
      throw fields.error(
        "provider_id",
        action == "adopt" ? "is missing: the provider's id of the job" : "goes with adopt alone")
    }
    switch action {
    case "adopt": return .adopt(id ?? "")
    case "not_charged": return .notCharged
    default: return .giveUp
    }
  }

  func deleteVideo(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      try await service.delete(call.job, call.viewer)
      return Answer.json([
        "id": .string(call.job.rawValue), "object": "video.deleted", "deleted": true,
      ])
    }
  }

  func videoEvidence(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let rows = try await service.evidence(call.job, call.viewer)
      return Answer.json([
        "data": .array(
          rows.map { row in
            [
              "attempt": .integer(Int64(row.attempt)), "ordinal": .integer(Int64(row.ordinal)),
              "kind": .string(row.kind), "at": .string(UTC.timestamp(row.at)),
              "detail": row.detail,
            ]
          })
      ])
    }
  }
}
