import KinoraCore
import KinoraModel

/// The network between one life of the daemon and the world.
final class WorldTransport: Transport, @unchecked Sendable {
  private let life: Life
  private let world: World
  private let store: MemoryStore
  private let intents: MemoryIntents
  private let files: MemoryFiles

  init(
    _ life: Life, _ world: World, _ store: MemoryStore, _ intents: MemoryIntents,
    _ files: MemoryFiles
  ) {
    self.life = life
    self.world = world
    self.store = store
    self.intents = intents
    self.files = files
  }

  private var loop: SimLoop { world.loop }

  func send(_ request: ProviderRequest, provider: String, permit: Permit?) async -> Exchange {
    var exchange = await way(request, provider, permit)
    if case .response(var response) = exchange.outcome {
      response.tag = request.tag
      exchange.outcome = .response(response)
    }
    return exchange
  }

  private func way(_ request: ProviderRequest, _ provider: String, _ permit: Permit?) async
    -> Exchange
  {
    await loop.sleep(loop.random.within(1...200))
    guard life.isAlive else { return failed(.no, "dead") }
    if world.isFaulty() { return failed(.no, "connection refused") }
    guard let permit else { return await repeatable(request, provider) }
    guard await permit.ask() else { return failed(.no, "the permit was refused") }
    guard life.isAlive else { return failed(.no, "dead") }
    if loop.random.chance(50), await permit.ask() {
      world.violations.append("a permit was given twice")
    }
    life.pass("permit.given")
    guard life.isAlive else { return failed(.no, "dead") }
    return await paid(request, provider)
  }

  private func paid(_ request: ProviderRequest, _ provider: String) async -> Exchange {
    audit(request, provider)
    if world.isFaulty() { return failed(.unknown, "reset before a byte came") }
    let key = request.fields.first { $0.name == "idempotency-key" }?.value ?? ""
    if world.isFaulty(world.refusedPermille) { return await answered(refusal(key)) }
    if world.isFaulty() { return html() }
    if world.isFaulty() { return await answered(World.Answer(500, ["error": "oops"])) }
    let answer = world.create(provider: provider, key: key, body: bytes(request))
    life.pass("provider.accepted")
    await loop.sleep(loop.random.within(1...500))
    if world.isFaulty(world.lostPermille) { return failed(.unknown, "the connection ended") }
    if world.isFaulty(world.faultPermille / 2) { return html() }
    if world.isFaulty(world.faultPermille / 2) {
      return await answered(World.Answer(500, ["error": "after the fact"]))
    }
    return await answered(answer)
  }

  /// A no that took nothing. Of a request that it took before, a provider says nothing about the
  /// request itself: that would be a lie.
  private func refusal(_ key: String) -> World.Answer {
    let slow = World.Answer(429, ["error": "slow down"], retryAfter: loop.random.below(5))
    if loop.random.chance(700) { return slow }
    let account = [
      World.Answer(402, ["error": "no credit"]), World.Answer(307, ["error": "moved"]),
    ]
    let isKnown = world.creations.contains { $0.key == key }
    return loop.random.pick(account + (isKnown ? [] : [World.Answer(422, ["error": "not that"])]))
  }

  /// A paid request leaves: the row and the journal must know.
  private func audit(_ request: ProviderRequest, _ provider: String) {
    let tag = (try? JSON.parse(bytes(request)))?["tag"]?.string ?? ""
    guard let record = store.records.values.first(where: { $0.seed == tag }) else {
      world.violations.append("\(tag): a paid request without a job")
      return
    }
    let repeats = record.state == .submitUnknown && record.terms.dedupe == .key
    if record.state != .submitting, !repeats {
      world.violations.append("\(record.id): a paid request left while it was \(record.state)")
    }
    let key = Engine.intentKey(record.id, attempt: record.attempt, ordinal: record.ordinal)
    if !intents.keys.contains(key) {
      world.violations.append("\(record.id): a paid request left without a line in the journal")
    }
  }

  private func repeatable(_ request: ProviderRequest, _ provider: String) async -> Exchange {
    world.requests += 1
    if world.isFaulty() { return failed(.unknown, "timed out") }
    if world.isFaulty(world.faultPermille / 2) { return html() }
    if world.isFaulty() { return await answered(World.Answer(503, ["error": "busy"])) }
    if world.isFaulty(world.faultPermille / 2) {
      return await answered(World.Answer(429, ["error": "slow down"], retryAfter: 3))
    }
    let path = request.url.split(separator: "/").dropFirst(2).map(String.init)
    let id = path.count > 1 ? path[1] : ""
    switch (request.method, path.first) {
    case ("GET", "jobs"): return await answered(world.poll(id))
    case ("GET", "find"):
      return await answered(world.find(tag: id, attempt: Int(path[2]) ?? 0))
    case ("DELETE", "jobs"): return await answered(world.cancel(id))
    case ("PUT", "upload"): return await answered(World.Answer(200, ["ok": true]))
    default: return await answered(World.Answer(200, ["ok": true]))
    }
  }

  func download(_ request: ProviderRequest, provider: String, to path: String, limit: Int64) async
    -> Exchange
  {
    await loop.sleep(loop.random.within(10...2000))
    guard life.isAlive else { return failed(.no, "dead") }
    if world.isFaulty() { return failed(.unknown, "the download broke off") }
    if world.isFaulty() { return await answered(World.Answer(503, ["error": "busy"])) }
    let words = request.url.split(separator: "/").map(String.init)
    let answer = world.asset(words.count > 3 ? words[3] : "")
    if answer.status == 200 { files.temporary[path] = request.url }
    return await answered(answer)
  }

  // MARK: Answers

  private func bytes(_ request: ProviderRequest) -> [UInt8] {
    request.parts.reduce(into: []) { all, part in
      if case .bytes(let bytes) = part { all += bytes }
    }
  }

  private func answered(_ answer: World.Answer) async -> Exchange {
    await loop.sleep(loop.random.within(1...100))
    var fields = [(name: "content-type", value: "application/json")]
    if let wait = answer.retryAfter { fields.append((name: "retry-after", value: "\(wait)")) }
    var response = ProviderResponse(status: answer.status, fields: fields, body: answer.json.bytes)
    if let path = answer.spool {
      files.temporary[path] = path
      response.spools = [
        ProviderResponse.Spool(ref: "out0", pointer: "/data", length: 9000, path: path)
      ]
    }
    return exchange(.response(response))
  }

  private func html() -> Exchange {
    exchange(
      .response(
        ProviderResponse(
          status: loop.random.pick([200, 403, 503]),
          fields: [(name: "content-type", value: "text/html; charset=UTF-8")],
          body: Array("<!DOCTYPE html><title>Just a moment...</title>".utf8))))
  }

  private func failed(_ sent: Exchange.Sent, _ why: String) -> Exchange {
    exchange(.failed(sent: sent, KinoraError(.providerUnavailable, why)))
  }

  private func exchange(_ outcome: Exchange.Outcome) -> Exchange {
    Exchange(outcome: outcome, transport: .libcurl, reason: "simulated")
  }
}

/// Files: what is adopted survives, what is temporary does not.
final class MemoryFiles: @unchecked Sendable {
  var temporary: [String: String] = [:]
  var stored: Set<String> = []
  var count = 0
}

/// Files as one life reaches them.
final class FakeArtifacts: ArtifactStore, @unchecked Sendable {
  private let life: Life
  private let world: World
  private let files: MemoryFiles
  var free: Int64 = 1 << 40
  /// What every clip is long, milliseconds.
  var duration: Int64? = 5000

  init(_ life: Life, _ world: World, _ files: MemoryFiles) {
    self.life = life
    self.world = world
    self.files = files
  }

  func temporaryPath() -> String {
    files.count += 1
    return "tmp/\(files.count)"
  }

  func adopt(path: String, expected: String?) async throws(KinoraError) -> Artifact {
    await life.loop.sleep(life.loop.random.within(1...20))
    life.pass("adopt.before")
    guard life.isAlive else { throw Life.over }
    if world.isFaulty() { throw KinoraError(.storageFull, "no space left on device") }
    guard let content = files.temporary.removeValue(forKey: path) else {
      throw KinoraError(.assetUnusable, "there is no file \(path)")
    }
    let sha256 = shortDigest(Array(content.split(separator: "/").prefix(4).joined().utf8))
    files.stored.insert(sha256)
    return Artifact(
      sha256: sha256, bytes: 4096, mime: "video/mp4", durationMilliseconds: duration)
  }

  func adopt(base64 path: String, expected: String?) async throws(KinoraError) -> Artifact {
    try await adopt(path: path, expected: expected)
  }

  func adopt(dataURL: String, expected: String?) async throws(KinoraError) -> Artifact {
    let path = temporaryPath()
    files.temporary[path] = dataURL
    return try await adopt(path: path, expected: expected)
  }

  func path(sha256: String) -> String? { files.stored.contains(sha256) ? "files/\(sha256)" : nil }
  func freeBytes() -> Int64 { free }
  func freeFloor() -> Int64 { Limits.freeDiskFloor }
}
