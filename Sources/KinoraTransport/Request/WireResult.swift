import KinoraModel

/// What one transport knows about one exchange when it is over.
struct WireResult: Sendable {
  var outcome: Result<ProviderResponse, KinoraError>
  /// Only looked at after a failure.
  var sent = Exchange.Sent.unknown
  /// curl's exit code, 0 for a whole answer; nil where there is none.
  var exit: Int32?
  /// Microseconds until the first byte could go out; 0: none did.
  var pretransfer: Int64?
  /// Connections that were opened.
  var connects: Int?
  /// Bytes of head and body sent.
  var sentBytes: Int64?
  /// Bytes of the answer's body.
  var receivedBytes: Int64?
  /// `1.1`, `2`, or empty.
  var version = ""
  /// How often the pre-request hook was called.
  var hookCalls: Int?
  /// What became of the permit: `granted`, `refused`, `not asked`.
  var permit: String?
  /// Whole exchange.
  var milliseconds: Int64 = 0
  /// HTML came, whatever was due.
  var isHTML = false

  /// A failure before anything was tried.
  static func notSent(_ error: KinoraError) -> WireResult {
    WireResult(outcome: .failure(error), sent: .no)
  }

  /// The exchange as the engine sees it.
  func exchange(_ transport: TransportKind, _ reason: String) -> Exchange {
    var members: [JSONMember] = [
      JSONMember("transport", .string(transport.rawValue)), JSONMember("reason", .string(reason)),
    ]
    func add(_ key: String, _ value: Int64?) {
      if let value { members.append(JSONMember(key, .integer(value))) }
    }
    add("exit", exit.map(Int64.init))
    add("time_pretransfer_us", pretransfer)
    add("num_connects", connects.map(Int64.init))
    add("bytes_up", sentBytes)
    add("bytes_down", receivedBytes)
    add("hook_calls", hookCalls.map(Int64.init))
    add("ms", milliseconds)
    if let permit { members.append(JSONMember("permit", .string(permit))) }
    if !version.isEmpty { members.append(JSONMember("http_version", .string(version))) }
    switch outcome {
    case .success(let response):
      add("status", Int64(response.status))
      if isHTML {
        members.append(JSONMember("html", true))
        for name in ["server", "cf-ray", "cf-mitigated", "via", "x-cache"] {
          guard let value = response.field(name) else { continue }
          members.append(JSONMember(name, .string(String(value.prefix(200)))))
        }
      }
      return Exchange(
        outcome: .response(response), transport: transport, reason: reason, httpVersion: version,
        evidence: .object(members))
    case .failure(let error):
      members.append(JSONMember("sent", .string(sent.rawValue)))
      members.append(JSONMember("error", .string(error.code.rawValue)))
      return Exchange(
        outcome: .failed(sent: sent, error), transport: transport, reason: reason,
        httpVersion: version, evidence: .object(members))
    }
  }
}
