import KinoraModel

/// A fault that the control route ordered.
struct FaultRule: Sendable {
  var fault: Fault
  /// Nil: any provider.
  var provider: String?
  /// Nil: the fault's usual phase.
  var phase: Phase?
  /// How often it still strikes; below 0: always.
  var times: Int64 = 1
  /// Requests that fit and pass unharmed first.
  var after: Int64 = 0
  /// The fault's own measure.
  var seconds: Int64?
  /// Parts that must occur, each without regard to the others.
  var prompt: String?
  var model: String?
  var path: String?

  /// True when a request is one that the rule means.
  func fits(_ subject: Route.Subject, provider: String, phase: Phase, path: String) -> Bool {
    guard self.provider == nil || self.provider == provider,
      fault.moment == .outcome || phase == (self.phase ?? fault.usualPhase)
    else { return false }
    return self.prompt.map(subject.prompt.contains) ?? true
      && model.map(subject.model.contains) ?? true && self.path.map(path.contains) ?? true
  }
}

extension FaultRule {
  /// As the control route takes and shows it.
  var json: JSON {
    let match = [("prompt", prompt), ("model", model), ("path", path)].compactMap { key, value in
      value.map { JSONMember(key, .string($0)) }
    }
    return [
      "fault": .string(fault.rawValue), "provider": JSON(provider), "phase": JSON(phase?.rawValue),
      "times": JSON(times), "after": JSON(after), "seconds": JSON(seconds),
      "match": .object(match),
    ]
  }

  init(_ json: JSON) throws(KinoraError) {
    let known = ["fault", "provider", "phase", "times", "after", "seconds", "match"]
    guard let members = json.members else {
      throw KinoraError(.malformedBody, "a fault is a JSON object")
    }
    if let stranger = members.first(where: { !known.contains($0.key) }) {
      throw KinoraError(
        .unknownField, "unknown field \(stranger.key)", field: stranger.key, allowed: known)
    }
    guard let fault = json["fault"]?.string.flatMap(Fault.init(rawValue:)) else {
      throw KinoraError(
        .badField, "unknown fault", field: "fault", allowed: Fault.allCases.map(\.rawValue))
    }
    self.init(fault: fault)
    provider = json["provider"]?.string
    if let provider, !Providers.names.contains(provider) {
      throw KinoraError(
        .badField, "unknown provider", field: "provider", allowed: Providers.names)
    }
    if let word = json["phase"]?.string {
      guard let phase = Phase(rawValue: word) else {
        throw KinoraError(
          .badField, "unknown phase", field: "phase", allowed: Phase.allCases.map(\.rawValue))
      }
      self.phase = phase
    }
    times = json["times"]?.integer ?? 1
    after = json["after"]?.integer ?? 0
    seconds = json["seconds"]?.integer
    prompt = json["match"]?["prompt"]?.string
    model = json["match"]?["model"]?.string
    path = json["match"]?["path"]?.string
  }
}
