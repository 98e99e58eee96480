import KinoraAPI
import KinoraCore
import KinoraHTTP
import KinoraModel
import Synchronization
import Testing

/// The front door with everything behind it in memory. The engine is paused, so jobs stay queued
/// until a test moves them.
final class Door: Sendable {
  let api: APIService
  let store: MemoryStore
  let hub: EventHub
  let directory: JobDirectory
  let files = TestFiles()
  let admin = TestAdmin()
  let service: JobService
  let engine: Engine
  private let connections = Atomic<UInt64>(0)
  /// Whether connections that carried answers still stand.
  let stands = Standing()

  final class Standing: Sendable {
    let value = Atomic<Bool>(true)
  }

  init(
    pages: [String: [UInt8]] = [:], hostCap: MicroUSD? = nil, maxQueued: Int = 1000,
    tenants: MemoryTenants = MemoryTenants()
  ) async throws {
    let hub = EventHub(head: 0)
    self.hub = hub
    store = MemoryStore { hub.publish($0) }
    directory = JobDirectory { JobRenderer.render($0) }
    let clock = TestClock()
    let entropy = TestEntropy()
    let parts = EngineParts(
      plugins: NoPlugins(), transport: NoTransport(), store: store, intents: NoIntents(),
      artifacts: files, clock: clock, entropy: entropy, crash: .off, directory: directory,
      clientLimit: { _ in 0 }, onFatal: { _ in })
    let index = try TestCatalog.index()
    engine = Engine(parts: parts, index: index, isPaused: true)
    service = JobService(
      engine: engine, parts: parts, hub: hub,
      policy: JobService.Policy(index: index, maxQueued: maxQueued, hostCap: hostCap),
      tenants: TenantBook(store: tenants),
      digest: { Digest.of($0) },
      connectionIsOpen: { [stands] _ in stands.value.load(ordering: .relaxed) })
    api = APIService(
      service: service, admin: admin, artifacts: files, inputs: TestFetcher(pages: pages),
      clock: clock, entropy: entropy, ownUID: 990,
      keys: { key in
        key == "secret-1" ? KeyHolder(id: "1") : nil
      })
  }

  // MARK: Requests

  func get(_ target: String, _ fields: HTTPFields = [:], uid: UInt32 = 1000) async -> Reply {
    await send("GET", target, fields: fields, uid: uid)
  }

  func post(
    _ target: String, _ json: String, _ fields: HTTPFields = [:], uid: UInt32 = 1000
  ) async -> Reply {
    var all = fields
    if all["content-type"] == nil { all.append("Content-Type", "application/json") }
    return await send("POST", target, fields: all, body: Array(json.utf8), uid: uid)
  }

  /// One request, its body in pieces of `piece` bytes.
  func send(
    _ method: String, _ target: String, fields: HTTPFields = [:], body: [UInt8] = [],
    uid: UInt32 = 1000, peer: HTTPPeer? = nil, piece: Int = 7000, chunked: Bool = false
  ) async -> Reply {
    let halves = target.split(separator: "?", maxSplits: 1)
    var fields = fields
    if !body.isEmpty, !chunked { fields.append("Content-Length", String(body.count)) }
    var request = HTTPRequest(
      method: method, path: String(halves[0]), query: halves.count > 1 ? String(halves[1]) : nil,
      fields: fields, peer: peer ?? .unix(uid: uid, gid: uid, pid: 1),
      connection: connections.wrappingAdd(1, ordering: .relaxed).newValue)
    if method == "POST" || !body.isEmpty {
      switch api.plan(request) {
      case .refuse(let response): return Reply(response)
      case .collect(let limit):
        guard body.count <= limit else {
          return Reply(api.refusal(status: 413, reason: "too large"))
        }
        request.body = body
      case .stream(let sink, let limit):
        request.sink = sink
        if body.count > limit { return Reply(api.refusal(status: 413, reason: "too large")) }
        if let refused = Self.feed(body, to: sink, piece) { return Reply(refused) }
      }
    }
    switch api.respond(request) {
    case .now(let response): return Reply(response)
    case .later(let work): return Reply(await work())
    }
  }

  private static func feed(
    _ body: [UInt8], to sink: any HTTPBodySink, _ piece: Int
  ) -> HTTPResponse? {
    for start in stride(from: 0, to: body.count, by: piece) {
      let part = body[start..<min(start + piece, body.count)]
      let refused = part.withUnsafeBytes { raw -> HTTPResponse? in
        do throws(HTTPRefusal) {
          try sink.receive(raw)
          return nil
        } catch {
          return error.response
        }
      }
      if let refused { return refused }
    }
    return nil
  }

  // MARK: Jobs

  /// Makes a job and gives its id.
  func make(_ json: String = #"{"prompt":"a boat"}"#, uid: UInt32 = 1000) async -> JobID {
    JobID(rawValue: await post("/v1/videos", json, uid: uid).json["id"]?.string ?? "none")
  }

  /// Moves a job as the engine would: commit, then memory.
  func move(
    _ id: JobID, to state: JobState, _ change: (inout JobRecord) -> Void = { _ in }
  ) async throws {
    var record = try #require(try await store.job(id))
    record.state = state
    record.sequence += 1
    change(&record)
    var commit = StoreChange()
    commit.update = record
    commit.events = [
      StoreChange.NewEvent(
        number: record.sequence, at: TestClock.start, type: "job.\(state.rawValue)",
        data: Array(#"{"id":"\#(id)","state":"\#(state.rawValue)"}"#.utf8))
    ]
    _ = try await store.commit(commit)
    directory.put(record)
  }
}
