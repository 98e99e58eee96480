import KinoraHTTP
import KinoraModel

/// What tests ask the simulator: `/_sim`.
struct Control: Sendable {
  let world: World

  func answer(_ request: HTTPRequest) async -> HTTPResponse {
    let path = Call.split(request.path).dropFirst().joined(separator: "/")
    switch (request.method, path) {
    case ("GET", "log"): return log()
    case ("GET", "jobs"): return jobs()
    case ("GET", "faults"), ("GET", "fault"): return faults()
    case ("POST", "fault"): return await order(request.body)
    case ("DELETE", "fault"), ("DELETE", "faults"):
      await world.faults.clear()
      return .json(200, ["rules": []])
    case ("GET", "credentials"): return credentials(Call(request, path: []))
    case ("POST", "reset"):
      world.jobs.clear()
      world.uploads.clear()
      world.faults.forget()
      await world.journal.clear()
      return .json(200, ["reset": true])
    default:
      let known = [
        "GET /_sim/log", "GET /_sim/jobs", "GET /_sim/faults", "POST /_sim/fault",
        "DELETE /_sim/fault", "POST /_sim/reset", "GET /_sim/credentials",
      ]
      return .json(
        404, ["error": "no such control", "known": .array(known.map { .string($0) })])
    }
  }

  /// Google's credential files; `?life=N` makes tokens that end after N seconds.
  private func credentials(_ call: Call) -> HTTPResponse {
    let life = call.query["life"].map { "?life=\($0)" } ?? ""
    guard let files = world.accounts.files(endpoint: "\(call.origin)/vertex/token\(life)") else {
      return .json(500, ["error": "no key could be made"])
    }
    return .json(200, files)
  }

  /// The file's lines as one array, without reading them again.
  private func log() -> HTTPResponse {
    var bytes: [UInt8] = [UInt8(ascii: "[")]
    bytes += world.journal.lines(.requests).joined(separator: Array(",\n".utf8))
    bytes.append(UInt8(ascii: "]"))
    return HTTPResponse(
      status: 200, fields: HTTPFields(["Content-Type": "application/json"]), body: .bytes(bytes))
  }

  private func jobs() -> HTTPResponse {
    let all = world.jobs.all
    var made: [String: Int] = [:]
    for job in all { made[Self.name(job), default: 0] += 1 }
    return .json(
      200,
      .array(
        all.map { job in
          [
            "id": .string(job.id), "provider": .string(job.provider), "kind": .string(job.kind),
            "model": .string(job.model), "prompt": .string(job.prompt), "tag": JSON(job.tag),
            "key": JSON(job.key), "at": .string(UTC.timestamp(job.created)),
            "status": .string(Self.word(world.stage(job))),
            "creations": JSON(made[Self.name(job)]), "repeats": JSON(job.repeats),
            "cancelled": .bool(job.cancelled != nil), "downloads": JSON(job.downloads),
            "cost_usd": .string(job.cost.decimal),
            "outcomes": .array(job.outcomes.map { .string($0.rawValue) }),
          ]
        }))
  }

  /// Jobs of one name were made for one wish: by tag, by key, else by prompt.
  private static func name(_ job: Job) -> String {
    "\(job.provider) \(job.tag ?? job.key ?? job.prompt)"
  }

  private static func word(_ stage: Stage) -> String {
    switch stage {
    case .queued: "queued"
    case .running: "running"
    case .succeeded: "succeeded"
    case .failed: "failed"
    case .filtered: "filtered"
    case .cancelled: "cancelled"
    case .expired: "expired"
    }
  }

  private func faults() -> HTTPResponse {
    let names = Fault.allCases.map { fault -> JSON in
      [
        "name": .string(fault.rawValue), "phase": .string(fault.usualPhase.rawValue),
        "what": .string(fault.sentence),
      ]
    }
    return .json(
      200, ["faults": .array(names), "rules": .array(world.faults.rules.map(\.json))])
  }

  private func order(_ body: [UInt8]) async -> HTTPResponse {
    do throws(KinoraError) {
      guard let json = try? JSON.parse(body) else {
        throw KinoraError(.malformedBody, "the body is not JSON")
      }
      let rule = try FaultRule(json)
      await world.faults.add(rule)
      return .json(200, rule.json)
    } catch {
      return .json(
        422,
        [
          "error": .string(error.message), "field": JSON(error.field),
          "allowed": .array(error.allowed.map { .string($0) }),
        ])
    }
  }
}
