import CKinoraPlugin
import KinoraModel
import KinoraPluginHost
import Testing

/// The SDK's bridge, seen from the host's side of the C line.
@Suite struct BridgeTests {
  private func plugin() throws -> LoadedPlugin {
    try LoadedPlugin(table: try #require(entry(major: KN_ABI_MAJOR)), name: "probe")
  }

  private func entry(major: UInt32) -> UnsafePointer<kn_plugin>? {
    var host = kn_host()
    host.struct_size = UInt32(MemoryLayout<kn_host>.size)
    host.abi_major = major
    return probeEntry(&host)
  }

  private func event(_ prompt: String, _ kind: PluginEvent.Kind = .begin, state: String = "")
    -> PluginEvent
  {
    var event = Hostile.event(kind, state: state)
    event.job =
      JSON.object([
        JSONMember("id", "video_1"), JSONMember("model", "m"),
        JSONMember("prompt", .string(prompt)),
      ]).bytes
    event.attempt = 2
    event.ordinal = 4
    event.now = 6
    return event
  }

  private func step(_ prompt: String, _ kind: PluginEvent.Kind = .begin, state: String = "") throws
    -> String
  {
    try plugin().step(event(prompt, kind, state: state)).json.canonical.text
  }

  @Test("every member of an event and of a step crosses the line")
  func crossing() throws {
    #expect(
      try step("everything")
        == #"{"request":{"body":{"n":4},"headers":["authorization: Bearer {{credential:api_key}}","content-type: application/json"],"lift_strings":true,"method":"POST","paid":true,"stream_to_file":true,"timeout_ms":9,"url":"https://h/x"},"state":{"s":{"begun":{"a":"2.4.6","b":1}},"v":3},"verdict":"send"}"#
    )
    #expect(
      try step("")
        == #"{"handle":"h1","progress":{"note":"warming up","permille":1000},"state":{"s":{"begun":{"a":"2.4.6","b":1}},"v":3},"verdict":"wait","wait_ms":7}"#
    )
    let state = #"{"v":3,"s":{"begun":{"a":"x","b":1}}}"#
    #expect(
      try step("", .response(ProviderResponse(status: 200)), state: state)
        == #"{"result":{"assets":[{"headers":{"authorization":"Bearer {{credential:api_key}}"},"url":"https://h/f"},{"encoding":"raw","mime":"video/mp4","spool":"out0"}],"cost_microusd":5,"handle":"r"},"verdict":"succeed"}"#
    )
    #expect(
      try step("fail")
        == #"{"failure":{"code":"exhausted","message":"spent","retry_after_ms":5,"retryable":true},"verdict":"fail"}"#
    )
  }

  @Test("the same state is the same bytes, keys sorted")
  func stable() throws {
    let first = try plugin().step(event("")).state
    #expect(first == Array(#"{"v":3,"s":{"begun":{"a":"2.4.6","b":1}}}"#.utf8))
    for _ in 0..<50 { #expect(try plugin().step(event("")).state == first) }
  }

  @Test("a state of an older version is upgraded, one of an unknown version fails the job")
  func versions() throws {
    let old = try step("", .timer, state: #"{"v":2,"s":{"old":"o"}}"#)
    #expect(old.contains(#""state":{"s":{"begun":{"a":"o","b":2}},"v":3}"#))
    for state in ["", "{", "null", #"{"v":1,"s":{}}"#, #"{"v":3,"s":{}}"#, #"{"v":3,"s":"#] {
      let text = try step("", .timer, state: state)
      #expect(text.contains(#""code":"protocol""#), "\(state): \(text)")
    }
  }

  @Test("verbs that are not written, and kinds of tomorrow, are unsupported")
  func unsupported() throws {
    let unsupported = #"{"verdict":"unsupported"}"#
    let state = #"{"v":3,"s":{"begun":{"a":"x","b":1}}}"#
    for kind: PluginEvent.Kind in [.cancel, .unreachable, .reconcile, .adopt(handle: "h")] {
      #expect(try step("", kind, state: state) == unsupported)
    }
    #expect(try step("", .reconcile) == unsupported)
    #expect(try step("unsupported") == unsupported)
    let webhook = try plugin().step(event(""), odd: OddStructs(kind: UInt32(KN_WEBHOOK)))
    #expect(webhook.json.text == unsupported)
  }

  @Test("text of others that would be a fault becomes a failure of the job")
  func texts() throws {
    for prompt in ["bad address", "bad field", "bad handle", "large state", "no base"] {
      let step = try plugin().step(event(prompt))
      guard case .fail(let failure) = step.verdict else {
        Issue.record("\(prompt): \(step.json.text)")
        continue
      }
      #expect(failure.code == (prompt == "no base" ? .invalid : .protocolBroken))
      #expect(step.state == nil && step.handle == nil)
    }
  }

  @Test("a host of another ABI is declined, a missing one too")
  func hosts() {
    #expect(entry(major: KN_ABI_MAJOR) != nil)
    #expect(entry(major: KN_ABI_MAJOR + 1) == nil)
    #expect(probeEntry(nil) == nil)
  }

  @Test("a job that is no JSON fails, it does not trap")
  func garbage() throws {
    for text in ["", "{", "[]", "{\"id\":1}", "\u{0}"] {
      var event = event("")
      event.job = Array(text.utf8)
      guard case .fail(let failure) = try plugin().step(event).verdict else {
        Issue.record("\(text) was read")
        continue
      }
      #expect(failure.code == .protocolBroken)
    }
  }
}
