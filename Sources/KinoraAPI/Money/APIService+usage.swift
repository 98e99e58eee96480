import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET /v1/usage`.
extension APIService {
  func usage(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["day"])
      let today = UTC.day(clock.now())
      let word = query["day"] ?? today
      guard word == "all" || (word.utf8.count == 10 && UTC.parse(word) != nil) else {
        throw KinoraError(
          .badField, "day must be a UTC day or all", field: "day", allowed: [today, "all"])
      }
      let rows = try await service.usage(day: word == "all" ? nil : word, call.viewer)
      return Answer.json([
        "object": "list", "currency": "USD", "day": .string(word),
        "data": .array(
          rows.map { row in
            [
              "scope": .string(row.scope), "day": .string(row.day),
              "cap_microusd": JSON(row.cap?.rawValue),
              "reserved_microusd": .integer(row.reserved.rawValue),
              "spent_microusd": .integer(row.spent.rawValue), "results": .integer(row.results),
              "video_seconds": .number(Double(row.video) / 1000),
            ]
          }),
      ])
    }
  }
}
