import KinoraCore
import KinoraModel

/// A plugin in Swift values: begin → (upload) → paid submit → polls; reconcile, adopt, cancel.
enum FakePlugin {
  static func step(_ event: PluginEvent) -> PluginStep {
    switch event.kind {
    case .begin:
      if flag("uploads", event), event.state.isEmpty {
        return free("PUT", "upload/\(event.seed.hexadecimal)", "upload")
      }
      return submit(event)
    case .timer:
      guard let id = handle(event) else { return submit(event) }
      return free("GET", "jobs/\(id)", "poll")
    case .cancel:
      guard let id = handle(event) else { return PluginStep(verdict: .unsupported) }
      return free("DELETE", "jobs/\(id)", "cancel")
    case .reconcile:
      return free("GET", "find/\(event.seed.hexadecimal)/\(event.attempt)", "find")
    case .adopt(let id):
      return PluginStep(
        verdict: .wait(milliseconds: 1000), state: Array("id:\(id)".utf8), handle: id)
    case .unreachable: return PluginStep(verdict: .wait(milliseconds: 5000))
    case .response(let response): return received(response, event)
    }
  }

  private static func received(_ response: ProviderResponse, _ event: PluginEvent) -> PluginStep {
    let json = try? JSON.parse(response.body)
    if response.status >= 400 || json == nil { return refused(response, json) }
    switch response.tag {
    case "upload":
      var step = submit(event)
      step.state = Array("up".utf8)
      return step
    case "submit", "find":
      guard let id = json?["id"]?.string else {
        return PluginStep(verdict: .fail(PluginFailure(.protocolBroken, "no id")))
      }
      var step = PluginStep(
        verdict: .wait(milliseconds: 2000), state: Array("id:\(id)".utf8), handle: id)
      if json?["inline"]?.bool == true {
        let result: JSON = [
          "assets": [["spool": "out0", "encoding": "base64", "mime": "video/mp4"]]
        ]
        step.verdict = .succeed(result.bytes)
      }
      return step
    case "cancel": return PluginStep(verdict: .wait(milliseconds: 1000))
    default: return polled(json)
    }
  }

  private static func polled(_ json: JSON?) -> PluginStep {
    switch json?["status"]?.string {
    case "done":
      var result: JSON = ["assets": [["url": JSON(json?["url"]?.string)]]]
      if let cost = json?["cost"] { result = result.setting("cost_microusd", cost) }
      return PluginStep(verdict: .succeed(result.bytes))
    case "failed", "cancelled":
      return PluginStep(verdict: .fail(PluginFailure(.refused, "it was not made")))
    default: return PluginStep(verdict: .wait(milliseconds: 10_000))
    }
  }

  private static func refused(_ response: ProviderResponse, _ json: JSON?) -> PluginStep {
    let words = json?["error"]?.string ?? "HTTP \(response.status)"
    let wait = UInt32(response.field("retry-after") ?? "") ?? 0
    let failure =
      switch response.status {
      case 401: PluginFailure(.unauthenticated, words)
      case 402: PluginFailure(.exhausted, words)
      case 404: PluginFailure(.notFound, words)
      case 400, 422: PluginFailure(.invalid, words)
      case 429: PluginFailure(.exhausted, words, isRetryable: true, retryAfter: wait * 1000)
      default: PluginFailure(.unavailable, words, isRetryable: true)
      }
    return PluginStep(verdict: .fail(failure))
  }

  private static func submit(_ event: PluginEvent) -> PluginStep {
    let tag = event.seed.hexadecimal
    let body: JSON = [
      "tag": .string(tag), "attempt": .integer(Int64(event.attempt)), "at": .integer(event.now),
    ]
    return PluginStep(
      verdict: .send(
        ProviderRequest(
          method: "POST", url: "https://world.test/jobs",
          fields: [(name: "idempotency-key", value: "\(tag)-\(event.attempt)")],
          parts: [.bytes(body.bytes)], isIdempotent: false, tag: "submit")))
  }

  private static func free(_ method: String, _ path: String, _ tag: String) -> PluginStep {
    PluginStep(
      verdict: .send(
        ProviderRequest(
          method: method, url: "https://world.test/\(path)", isIdempotent: true, tag: tag)))
  }

  private static func handle(_ event: PluginEvent) -> String? {
    let state = String(decoding: event.state, as: UTF8.self)
    return state.hasPrefix("id:") ? String(state.dropFirst(3)) : nil
  }

  private static func flag(_ name: String, _ event: PluginEvent) -> Bool {
    (try? JSON.parse(event.config))?[name]?.bool == true
  }
}

/// The plugins as one life reaches them. The transport gives an answer back with its request's tag.
final class FakePlugins: Plugins, @unchecked Sendable {
  private let life: Life
  private let world: World
  /// Out of 1000 steps while faults happen.
  var faultPermille = 0

  init(_ life: Life, _ world: World) {
    self.life = life
    self.world = world
  }

  func step(plugin: String, event: PluginEvent) async throws(KinoraError) -> PluginStep {
    guard life.isAlive else { throw Life.over }
    if life.loop.random.chance(300) { await life.loop.sleep(1) }
    if world.isFaulty(faultPermille) { throw KinoraError(.pluginFault, "the plugin broke") }
    life.pass("step.made")
    guard life.isAlive else { throw Life.over }
    return FakePlugin.step(event)
  }

  func list() -> [PluginInfo] { [] }
}
