import KinoraCore
import KinoraHTTP
import KinoraModel

/// What the daemon's own administrators ask.
extension APIService {
  func doctor(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      return Answer.json(Self.findings(await admin.doctor()))
    }
  }

  /// One provider, asked for nothing what its key may use.
  func doctorOfProvider(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let found = try await admin.examine(provider: call.values.first ?? "")
      let models = found.models.map { model -> JSON in
        [
          "id": .string(model.id),
          "may": .string(model.isAllowed.map { $0 ? "yes" : "no" } ?? "unknown"),
        ]
      }
      return Answer.json(
        Self.findings(found.checks).setting("provider", .string(found.provider))
          .setting("models", .array(models)))
    }
  }

  private static func findings(_ checks: [DoctorCheck]) -> JSON {
    [
      "ok": .bool(!checks.contains { $0.status == .fail }),
      "checks": .array(
        checks.map { check in
          [
            "name": .string(check.name), "status": .string(check.status.rawValue),
            "detail": .string(check.detail), "fix": .string(check.fix),
          ]
        }),
    ]
  }

  func configuration(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in Answer.json(admin.configuration()) }
  }

  func reload(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let errors = await admin.reload()
      guard let first = errors.first else { return Answer.json(["reloaded": true]) }
      let rest = errors.count == 1 ? "" : " (and \(errors.count - 1) more)"
      var whole = first
      whole.message = "\(first.message)\(rest); the configuration before stays in force"
      var response = Answer.problem(
        whole, requestID: call.requestID, place: .body, others: Array(errors.dropFirst()))
      response.status = 400
      return response
    }
  }

  func setPaused(_ paused: Bool, _ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      try await admin.setPaused(paused)
      return Answer.json(["paused": .bool(paused)])
    }
  }

  func version(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in
      let facts = admin.version
      return Answer.json([
        "version": .string(facts.version), "abi": .string(facts.abi),
        "schema": .integer(Int64(facts.schema)),
      ])
    }
  }
}
