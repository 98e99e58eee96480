import KinoraHTTP
import KinoraModel

/// A ComfyUI server under `/comfyui` (every route also under `/comfyui/api`), without WebSocket: graphs
/// are validated as the real one does it, node by node, and end in real files.
/// Source: ComfyUI 0.3.64, server.py and execution.py.
struct ComfyUI: Provider {
  let name = "comfyui"
  let world: World

  func route(_ call: Call) -> Route {
    // A page of another site may not use the server of a user's machine.
    if let origin = call.fields["origin"], let host = call.fields["host"],
      !origin.hasSuffix("://\(host)")
    {
      return .plain(HTTPResponse(status: 403))
    }
    let path = call.path.first == "api" ? Array(call.path.dropFirst()) : call.path
    switch (call.method, path.first ?? "", path.count) {
    case ("POST", "prompt", 1): return submit(call)
    case ("GET", "prompt", 1): return .plain(.json(200, ["exec_info": execInfo]))
    case ("GET", "queue", 1): return lookAtQueue()
    case ("POST", "queue", 1):
      return Route(phase: .other) { _ in await change(call, isQueue: true) }
    case ("POST", "history", 1):
      return Route(phase: .other) { _ in await change(call, isQueue: false) }
    case ("GET", "history", 1):
      return Route(phase: .poll) { _ in
        .json(200, .object(jobs.compactMap { entry($0, nil).map { JSONMember($0.tag, $0.entry) } }))
      }
    case ("GET", "history", 2): return history(path[1])
    case ("POST", "interrupt", 1):
      return Route(phase: .other) { _ in await interrupt(call.json?["prompt_id"]?.string) }
    case ("POST", "upload", 2) where path[1] == "image": return upload(call)
    case ("GET", "view", 1): return view(call)
    case ("GET", "system_stats", 1): return .plain(.json(200, Self.stats))
    case ("GET", "object_info", 1...2):
      return .plain(.json(200, ComfyNode.info(path.dropFirst().first)))
    default: return .plain(failure(.notFound(call.target)))
    }
  }

  /// What its jobs are, oldest first; those taken out of queue or history are gone.
  var jobs: [Job] { world.jobs.all.filter { $0.provider == name && !$0.deleted } }

  /// The newest job under an id: the real one, too, lets the later of two take the place.
  func job(_ id: String) -> Job? { world.jobs.tagged(id, provider: name).last { !$0.deleted } }

  private var execInfo: JSON {
    ["queue_remaining": JSON(jobs.count { !world.stage($0).isFinal })]
  }

  private func history(_ id: String) -> Route {
    guard let job = job(id) else { return .plain(.json(200, [:]), .poll) }
    return .about(job, .poll) { twist in
      guard let found = entry(world.jobs[job.id] ?? job, twist) else { return .json(200, [:]) }
      return .json(200, .object([JSONMember(found.tag, found.entry)]))
    }
  }

  /// aiohttp's own words; 404 for a job is an empty object instead.
  func failure(_ failure: Failure) -> HTTPResponse {
    switch failure {
    case .status(500):
      return Self.text(500, "500 Internal Server Error\n\nServer got itself in trouble")
    case .status(let status): return Self.text(status, "\(status): \(Self.words[status] ?? "")")
    case .rateLimited(let seconds):
      let response = Self.text(429, "429: Too Many Requests")
      return seconds.map { response.with("Retry-After", String($0)) } ?? response
    case .retired, .expired: return Self.text(404, "404: Not Found")
    case .notFound(let what):
      return what.contains("/") || what == "view"
        ? Self.text(404, "404: Not Found") : .json(200, [:])
    }
  }

  private static let words = [
    401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 502: "Bad Gateway",
    503: "Service Unavailable",
  ]

  private static func text(_ status: Int, _ text: String) -> HTTPResponse {
    HTTPResponse(
      status: status, fields: HTTPFields(["Content-Type": "text/plain; charset=utf-8"]),
      body: .bytes(Array(text.utf8)))
  }

  private static let stats: JSON = [
    "system": [
      "os": "posix", "ram_total": 67_381_530_624, "ram_free": 40_000_000_000,
      "comfyui_version": "0.3.64", "python_version": "3.12.3", "pytorch_version": "2.8.0+cu128",
      "embedded_python": false, "argv": ["main.py"],
    ],
    "devices": [
      [
        "name": "cuda:0 Simulated", "type": "cuda", "index": 0, "vram_total": 25_438_126_080,
        "vram_free": 24_000_000_000, "torch_vram_total": 0, "torch_vram_free": 0,
      ]
    ],
  ]
}
