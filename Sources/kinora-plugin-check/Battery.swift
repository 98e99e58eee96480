import KinoraModel
import KinoraPluginHost

/// Events made from a plugin's own catalog: every model and kind, then everything that can come after.
enum Battery {
  /// Answers of every sort. None of them may make a plugin break its contract.
  static let answers: [ProviderResponse] = {
    func answer(_ status: Int, _ type: String, _ body: String) -> ProviderResponse {
      ProviderResponse(
        status: status, fields: [("content-type", type), ("retry-after", "3")],
        body: Array(body.utf8))
    }
    let json = "application/json"
    let error = #"{"error":{"code":"x","message":"words"}}"#
    var list = [400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 502, 503].map {
      answer($0, json, error)
    }
    for body in [
      "", "{}", "[]", "null", "true", "7", "\"text\"", "{\"id\":", "{\"id\":\"v1\",\"status\":",
      #"{"id":"v1","status":"queued"}"#, #"{"id":null,"status":7,"data":{},"video":[],"error":[]}"#,
      #"{"id":{"a":1},"status":["x"],"progress":"half","cost_usd":-1}"#,
      #"{"id":"v1","status":"succeeded"}"#, #"{"id":"v1","status":"a word of tomorrow"}"#,
      #"{"id":"../../etc\r\nx: y","status":"queued","name":"a\u0000b"}"#,
      String(repeating: "[", count: 5000), String(repeating: "{\"a\":", count: 5000),
      "{\"id\":\"" + String(repeating: "v", count: 100_000) + "\",\"status\":\"queued\"}",
      "{\"progress\":1e999,\"created\":99999999999999999999999}",
    ] {
      list.append(answer(200, json, body))
    }
    // Addresses that a plugin must not go to, wherever a provider has them.
    for status in ["queued", "IN_PROGRESS", "succeeded", "completed"] {
      list.append(answer(200, json, Self.strayed.replacing("STATUS", with: status)))
    }
    list.append(answer(200, "text/html", "<!doctype html><title>one moment</title>"))
    list.append(answer(503, "text/html", "<html>"))
    list.append(answer(302, "text/plain", ""))
    list.append(answer(204, "", ""))
    list.append(
      ProviderResponse(status: 200, body: [0xff, 0xfe, 0x00, 0x7b, 0xc3, 0x28]))
    return list
  }()

  private static let strayed = """
    {"id":"v1","request_id":"v1","task_id":"v1","status":"STATUS","state":"STATUS",
    "polling_url":"https://elsewhere.example/v1","status_url":"https://elsewhere.example/v1",
    "response_url":"https://elsewhere.example/v1","cancel_url":"https://elsewhere.example/v1",
    "url":"https://elsewhere.example/v1.mp4","urls":{"get":"https://elsewhere.example/v1"},
    "unsigned_urls":["https://elsewhere.example/v1.mp4"],
    "video":{"url":"https://elsewhere.example/v1.mp4"},"output":["https://elsewhere.example/a.mp4"]}
    """

  /// All events for a plugin, with the states that it saves itself.
  static func events(_ plugin: LoadedPlugin) -> [PluginEvent] {
    var events: [PluginEvent] = []
    for begin in begins(plugin) {
      events.append(begin)
      var states: [[UInt8]] = [[], Array("{".utf8), Array(#"{"v":99,"s":{}}"#.utf8)]
      // One step on from each state that the plugin knows finds most of the others.
      if let state = saved(plugin, begin) { states.append(state) }
      for answer in answers {
        var next = begin
        next.state = states.last ?? []
        next.kind = .response(answer)
        if let state = saved(plugin, next), !states.contains(state) { states.append(state) }
      }
      for state in states {
        events += after(begin, state)
      }
    }
    return events
  }

  /// The first event of each model and kind.
  static func begins(_ plugin: LoadedPlugin) -> [PluginEvent] {
    plugin.catalog.models.flatMap { model in model.kinds.map { event(plugin, model, $0) } }
  }

  private static func after(_ begin: PluginEvent, _ state: [UInt8]) -> [PluginEvent] {
    var events: [PluginEvent] = []
    for (kind, phase) in [
      (PluginEvent.Kind.timer, PluginEvent.Phase.begin), (.unreachable, .begin),
      (.cancel, .cancel), (.reconcile, .reconcile), (.adopt(handle: "v1"), .begin),
      (.adopt(handle: "a/../b?c"), .begin),
    ] {
      var event = begin
      event.state = state
      event.kind = kind
      event.phase = phase
      events.append(event)
    }
    for answer in answers {
      var event = begin
      event.state = state
      event.ordinal = 1
      event.kind = .response(answer)
      events.append(event)
    }
    return events
  }

  private static func saved(_ plugin: LoadedPlugin, _ event: PluginEvent) -> [UInt8]? {
    (try? plugin.step(event))?.state
  }

  private static func event(_ plugin: LoadedPlugin, _ model: CatalogModel, _ kind: GenerationKind)
    -> PluginEvent
  {
    let seed = Array(UInt8(0)..<16)
    var job: JSON = [
      "id": .string(JobID(random: seed).rawValue), "tag": .string(seed.hexadecimal),
      "model": .string(model.id), "kind": .string(kind.rawValue),
      "prompt": "a \"fox\"\nin {{credential:of-a-user}} snow \u{1F98A}", "count": 1,
    ]
    if let seconds = model.defaultDuration { job = job.setting("seconds", JSON(seconds)) }
    if let shape = model.aspectRatios.first { job = job.setting("aspect_ratio", .string(shape)) }
    if let size = model.sizes.first { job = job.setting("size", .string(size)) }
    if let lines = model.resolutions.first { job = job.setting("resolution", .string(lines)) }
    if model.takesSeed { job = job.setting("seed", 7) }
    let roles: [String] =
      switch kind {
      case .imageToVideo: ["first_frame"]
      case .firstLastFrame: ["first_frame", "last_frame"]
      case .references: ["reference", "reference"]
      case .extend: ["video"]
      case .textToVideo, .image, .remix, .edit: []
      }
    var inputs: [JSON] = []
    for (i, role) in roles.enumerated() {
      inputs.append([
        "role": .string(role), "ref": .string("in\(i)"), "bytes": 123,
        "mime": role == "video" ? "video/mp4" : "image/png",
      ])
    }
    job = job.setting("inputs", .array(inputs))
    if GenerationKind.continuing.contains(kind) {
      job = job.setting("source", ["handle": "files/earlier"])
    }
    let config: JSON = ["base_url": .string(plugin.catalog.baseURL)]
    return PluginEvent(
      kind: .begin, phase: .begin, attempt: 1, ordinal: 0, now: 1_790_000_000_000, seed: seed,
      job: job.bytes, config: config.bytes, state: [])
  }
}
