import KinoraModel

/// Makes events of a transcript's lines, each from what the lines before left.
struct TranscriptReader {
  private var last = PluginEvent(
    kind: .begin, phase: .begin, attempt: 1, ordinal: 0, now: 1_790_000_000_000,
    seed: Array(0..<16), job: [], config: Array("{}".utf8), state: [])

  mutating func event(_ line: Transcript.Line) throws(KinoraError) -> PluginEvent {
    let json = line.event
    func bad(_ message: String) -> KinoraError {
      KinoraError(.malformedBody, "line \(line.number): \(message)")
    }
    let known = [
      "kind", "phase", "attempt", "ordinal", "now_ms", "seed", "job", "config", "state", "handle",
      "response",
    ]
    for member in json.members ?? [] where !known.contains(member.key) {
      throw bad("event.\(member.key) is not known, only \(known.joined(separator: ", "))")
    }
    if let word = json["phase"]?.string {
      guard let phase = PluginEvent.Phase(rawValue: word) else {
        throw bad("unknown phase \(word)")
      }
      last.phase = phase
    }
    if let value = json["attempt"]?.integer { last.attempt = Int(value) }
    if let value = json["ordinal"]?.integer { last.ordinal = Int(value) }
    if let value = json["now_ms"]?.integer { last.now = value }
    if let text = json["seed"]?.string {
      guard let seed = text.hexadecimalBytes, seed.count == 16 else {
        throw bad("a seed is 32 hexadecimal digits")
      }
      last.seed = seed
    }
    if let job = json["job"] { last.job = bytes(job) }
    if let config = json["config"] { last.config = bytes(config) }
    if let state = json["state"] { last.state = state.isNull ? [] : bytes(state) }
    switch json["kind"]?.string {
    case "begin":
      last.kind = .begin
      if json["phase"] == nil { last.phase = .begin }
    case "response": last.kind = .response(response(json["response"] ?? .object([])))
    case "unreachable": last.kind = .unreachable
    case "timer": last.kind = .timer
    case "cancel":
      last.kind = .cancel
      if json["phase"] == nil { last.phase = .cancel }
    case "reconcile":
      last.kind = .reconcile
      if json["phase"] == nil { last.phase = .reconcile }
    case "adopt": last.kind = .adopt(handle: json["handle"]?.string ?? "")
    case let other:
      throw bad(
        "unknown kind \(other ?? "(none)"), one of begin, response, unreachable, timer, cancel, "
          + "reconcile, adopt")
    }
    return last
  }

  /// Keeps the state for the next line.
  mutating func saved(_ step: PluginStep) {
    if let state = step.state { last.state = state }
  }

  /// A string is the text itself, so that broken JSON can be written down too.
  private func bytes(_ json: JSON) -> [UInt8] { json.string.map { Array($0.utf8) } ?? json.bytes }

  private func response(_ json: JSON) -> ProviderResponse {
    var fields: [(name: String, value: String)] = []
    for member in json["headers"]?.members ?? [] {
      fields.append((member.key, member.value.string ?? ""))
    }
    let body = json["body"].map(bytes) ?? []
    if json["headers"]?["content-type"] == nil, json["body"]?.members != nil {
      fields.append(("content-type", "application/json"))
    }
    let spools = (json["spools"]?.array ?? []).map {
      ProviderResponse.Spool(
        ref: $0["ref"]?.string ?? "", pointer: $0["pointer"]?.string ?? "",
        length: $0["length"]?.integer ?? 0, path: "")
    }
    return ProviderResponse(
      status: Int(json["status"]?.integer ?? 200), fields: fields, body: body, spools: spools,
      tag: json["tag"]?.string ?? "")
  }
}
