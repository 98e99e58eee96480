import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET /v1/plugins` and `GET /v1/providers`.
extension APIService {
  func listPlugins(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let data = admin.plugins().map { plugin -> JSON in
        let slow = plugin.isSlow ? "a step took over \(Limits.slowStepMilliseconds) ms" : ""
        return [
          "name": .string(plugin.name), "id": .string(plugin.id),
          "version": .string(plugin.version), "path": .string(plugin.path),
          "state": .string(plugin.state.rawValue),
          "detail": .string(plugin.detail.isEmpty ? slow : plugin.detail),
          "faults": .integer(Int64(plugin.faults)),
          "models": .array(plugin.catalog?.models.map { .string($0.id) } ?? []),
          "transport": JSON(plugin.catalog?.transport.rawValue),
        ]
      }
      return Answer.json(["object": "list", "data": .array(data)])
    }
  }

  func listProviders(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let status = await service.status()
      let readiness = service.policy.readiness
      let data = admin.providers().map { facts in
        Self.provider(facts, status, readiness(facts.name)?.message)
      }
      return Answer.json(["object": "list", "data": .array(data)])
    }
  }

  private static func provider(
    _ facts: ProviderFacts, _ status: Engine.Status, _ unready: String?
  ) -> JSON {
    let (state, detail): (String, String) =
      if let problem = facts.problem ?? unready {
        ("unavailable", problem)
      } else if !facts.isEnabled {
        ("paused", "switched off in the configuration")
      } else if let gate = status.gates[facts.name] {
        ("degraded", gate)
      } else if status.isPaused {
        ("paused", "paid submits are paused: kinora resume")
      } else {
        facts.warning.map { ("degraded", $0) } ?? ("ok", "")
      }
    let credentials = facts.credentials.map { credential -> JSON in
      [
        "name": .string(credential.name), "source": .string(credential.source),
        "found": .bool(credential.isFound),
      ]
    }
    return [
      "name": .string(facts.name), "plugin": .string(facts.plugin),
      "base_url": .string(facts.baseURL), "enabled": .bool(facts.isEnabled),
      "state": .string(state), "detail": .string(detail),
      "transport": [
        "configured": .string(facts.configuredTransport),
        "effective": .string(facts.effectiveTransport.rawValue),
        "reason": .string(facts.transportReason),
      ],
      "credentials": .array(credentials),
      "max_concurrent": .integer(Int64(facts.maxConcurrent)),
      "running": .integer(Int64(status.running[facts.name] ?? 0)),
      "queued": .integer(Int64(status.queued[facts.name] ?? 0)),
    ]
  }
}
