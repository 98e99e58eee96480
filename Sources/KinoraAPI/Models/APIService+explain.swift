import KinoraCore
import KinoraHTTP
import KinoraModel

/// `POST /v1/route:explain`: what a name of a model leads to, and by which rule. Nothing is sent.
extension APIService {
  func explainRoute(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let body = try parsed(call.request)
      let fields = FieldReader(json: body.json, body: body)
      try fields.only(["model", "provider", "tenant"])
      var name = try fields.string("model", most: 256) ?? ""
      if let provider = try fields.string("provider", most: 64), !provider.isEmpty {
        name = name.isEmpty || name.hasPrefix("\(provider)/") ? name : "\(provider)/\(name)"
        if name.isEmpty { name = provider }
      }
      var request = GenerationRequest(model: name, prompt: "")
      request.tenant = try fields.string("tenant", most: 4096).map { name throws(KinoraError) in
        try Self.tenant(name)
      }
      let answer = try service.explain(
        Submission(request: request, viewer: call.viewer, door: "videos", key: nil))
      return Answer.json(explained(answer))
    }
  }

  /// The first candidate's facts stand at the top as well: that one would be asked.
  private func explained(_ answer: RouteAnswer) -> JSON {
    let facts = admin.providers()
    let candidates = answer.candidates.map { candidate in
      explained(candidate, facts.first { $0.name == candidate.found.entry.settings.name })
    }
    let word = String(answer.name.prefix { $0 != "/" })
    let alias = service.policy.index.providerAliases[word].map { _ in word }
    var members: [JSONMember] = [
      JSONMember("object", "route"), JSONMember("asked", .string(answer.name)),
      JSONMember("source", .string(answer.source.rawValue)),
      JSONMember("route", JSON(answer.route)), JSONMember("provider_alias", JSON(alias)),
    ]
    for name in ["model", "provider", "upstream_model", "rule", "transport", "ready", "reason"] {
      members.append(JSONMember(name, candidates.first?[name] ?? .null))
    }
    return .object(members + [JSONMember("candidates", .array(candidates))])
  }

  private func explained(_ candidate: RouteAnswer.Candidate, _ facts: ProviderFacts?) -> JSON {
    let entry = candidate.found.entry
    let isOff = !entry.settings.isEnabled
    let reason =
      candidate.problem?.message
      ?? (isOff ? "\(entry.settings.name) is switched off: the job would wait" : nil)
    return [
      "name": .string(candidate.name), "model": .string(entry.id),
      "provider": .string(entry.settings.name), "upstream_model": .string(entry.model.id),
      "rule": .string(candidate.found.rule.rawValue), "plugin": .string(entry.settings.plugin),
      "base_url": .string(entry.settings.baseURL), "transport": ways(facts),
      "ready": .bool(reason == nil), "reason": JSON(reason),
      "cooldown": ModelRenderer.json(candidate.cooldown),
    ]
  }

  /// As `kinora.transports` of a job words them.
  private func ways(_ facts: ProviderFacts?) -> JSON {
    guard let facts else { return ["submit": "unknown", "poll": "unknown"] }
    let poll = "\(facts.effectiveTransport.rawValue) (\(facts.transportReason))"
    let submit = facts.effectiveTransport == .curl ? poll : "libcurl (paid)"
    return ["submit": .string(submit), "poll": .string(poll)]
  }
}
