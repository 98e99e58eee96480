import KinoraModel

/// A provider outside of the daemon: it takes jobs, works on them, bills, and remembers everything.
/// What its terms promise it keeps; everything else may go wrong.
final class World: @unchecked Sendable {
  /// How a creation will end.
  enum Fate: CaseIterable { case success, failure, never }

  struct Creation {
    var id: String
    var provider: String
    var tag: String
    var attempt: Int
    var key: String
    var body: [UInt8]
    var at: Milliseconds
    var readyAt: Milliseconds
    var fate: Fate
    var cost: MicroUSD?
    var isCancelled = false
    /// Downloads of its asset that will fail yet.
    var missing: Int
  }
  /// What a provider answers to one request.
  struct Answer {
    var status: Int
    var json: JSON
    var retryAfter: Int?
    var spool: String?

    init(_ status: Int, _ json: JSON, retryAfter: Int? = nil, spool: String? = nil) {
      self.status = status
      self.json = json
      self.retryAfter = retryAfter
      self.spool = spool
    }
  }

  let loop: SimLoop
  var creations: [Creation] = []
  /// Paid requests that arrived, by `tag/attempt`.
  var arrivals: [String: Int] = [:]
  /// What was wrong.
  var violations: [String] = []
  /// Faults happen, out of 1000, until this moment.
  var faultPermille = 0
  var faultsUntil: Milliseconds = 0
  /// Accepted paid requests whose answer is lost, and paid requests refused before anything, besides.
  var lostPermille = 0
  var refusedPermille = 0
  /// How long a job takes.
  var work: ClosedRange<Milliseconds> = 1000...60_000
  /// How jobs end, as often as each is named.
  var fates: [Fate] = [.success]
  /// Downloads of an asset that fail first.
  var missing = 0...0
  var requests = 0
  /// Settings by provider.
  var providers: [String: Provider] = [:]

  struct Provider {
    var terms = SubmitTerms()
    var isInline = false
    var namesCost = false
  }

  init(_ loop: SimLoop) { self.loop = loop }

  func isFaulty(_ permille: Int? = nil) -> Bool {
    loop.now < faultsUntil && loop.random.chance(permille ?? faultPermille)
  }

  func creation(tag: String) -> Creation? { creations.first { $0.tag == tag } }

  // MARK: Requests

  /// `POST /jobs`, once it has arrived.
  func create(provider name: String, key: String, body: [UInt8]) -> Answer {
    let json = try? JSON.parse(body)
    let tag = json?["tag"]?.string ?? ""
    let attempt = Int(json?["attempt"]?.integer ?? 0)
    let provider = providers[name] ?? Provider()
    arrivals["\(tag)/\(attempt)", default: 0] += 1
    let keeps = provider.terms.dedupe == .key
    if arrivals["\(tag)/\(attempt)", default: 0] > 1, !keeps {
      violations.append("\(tag)/\(attempt): its paid request arrived twice")
    }
    if keeps, let at = creations.firstIndex(where: { $0.key == key }) {
      if creations[at].body != body { violations.append("\(tag): a repeat with another body") }
      return accepted(creations[at], provider)
    }
    let fate = loop.random.pick(fates)
    let price = MicroUSD(Int64(loop.random.below(50)) * 10_000)
    let creation = Creation(
      id: "p\(creations.count)", provider: name, tag: tag, attempt: attempt, key: key, body: body,
      at: loop.now, readyAt: loop.now + loop.random.within(work), fate: fate,
      cost: provider.namesCost ? price : nil,
      missing: Int(loop.random.within(Int64(missing.lowerBound)...Int64(missing.upperBound))))
    creations.append(creation)
    return accepted(creation, provider)
  }

  private func accepted(_ creation: Creation, _ provider: Provider) -> Answer {
    guard provider.isInline else { return Answer(201, ["id": .string(creation.id)]) }
    return Answer(
      200, ["id": .string(creation.id), "inline": true], spool: "spool:\(creation.id):\(loop.now)")
  }

  /// `GET /jobs/ID`.
  func poll(_ id: String) -> Answer {
    guard let creation = creations.first(where: { $0.id == id }) else {
      return Answer(404, ["error": "no such job"])
    }
    if creation.isCancelled { return Answer(200, ["status": "cancelled"]) }
    guard creation.fate != .never, loop.now >= creation.readyAt else {
      // A word that nobody has heard of is still no end.
      let words: [JSON] = ["queued", "running", "running", "pondering"]
      return Answer(200, ["status": loop.random.pick(words)])
    }
    guard creation.fate == .success else { return Answer(200, ["status": "failed"]) }
    var answer: JSON = [
      "status": "done", "url": .string("https://world.test/asset/\(id)/\(loop.now)"),
    ]
    if let cost = creation.cost { answer = answer.setting("cost", .integer(cost.rawValue)) }
    return Answer(200, answer)
  }

  /// `GET /find/TAG/ATTEMPT`.
  func find(tag: String, attempt: Int) -> Answer {
    guard let found = creations.first(where: { $0.tag == tag && $0.attempt == attempt }) else {
      return Answer(404, ["error": "no such tag"])
    }
    return Answer(200, ["id": .string(found.id)])
  }

  /// `DELETE /jobs/ID`.
  func cancel(_ id: String) -> Answer {
    guard let at = creations.firstIndex(where: { $0.id == id }) else {
      return Answer(404, ["error": "no such job"])
    }
    let isOver = creations[at].fate != .never && loop.now >= creations[at].readyAt
    if !isOver { creations[at].isCancelled = true }
    return Answer(200, ["status": isOver ? "too late" : "cancelled"])
  }

  /// `GET /asset/ID`.
  func asset(_ id: String) -> Answer {
    guard let at = creations.firstIndex(where: { $0.id == id }) else { return Answer(404, []) }
    guard creations[at].missing == 0 else {
      creations[at].missing -= 1
      return Answer(404, [])
    }
    return Answer(200, [])
  }

  // MARK: Truth

  /// What a job really costs, once everything is over; nil when the provider never ends it.
  func bill(_ creation: Creation, quote: MicroUSD) -> MicroUSD? {
    let terms = providers[creation.provider]?.terms ?? SubmitTerms()
    let price = creation.cost ?? quote
    if providers[creation.provider]?.isInline == true { return quote }
    if creation.isCancelled { return terms.bills == .accept ? quote : .zero }
    switch creation.fate {
    case .success: return price
    case .failure: return terms.bills == .accept ? quote : .zero
    case .never: return nil
    }
  }
}
