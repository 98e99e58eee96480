import KinoraCore
import KinoraModel

/// One job on the table: inputs go in, and what the rules want done comes out in short words.
struct Course {
  var job: LiveJob
  var now: Milliseconds = ManualClock.start
  var canStart = true
  var speed = 1.0
  /// All that was to be written, in order.
  private(set) var changes: [StoreChange] = []

  /// A queued job of a model with these terms, reserved at $0.50.
  init(_ change: (inout SubmitTerms) -> Void = { _ in }) {
    var terms = SubmitTerms()
    change(&terms)
    let quote = Quote(
      amount: MicroUSD(500_000), perSecond: MicroUSD(100_000), basis: "5 s", source: "catalog")
    var record = JobRecord(
      id: JobID(rawValue: "video_1"), client: "uid:1", principal: "uid:1", door: "videos",
      createdAt: now, request: GenerationRequest(model: "a/clip", prompt: "a boat"),
      kind: .textToVideo, provider: "a", plugin: "fake", model: "clip", seed: "00ff",
      terms: terms, quote: quote, queueUntil: now + Limits.queueWait)
    record.sequence = 1
    record.reserved = quote.amount
    job = LiveJob(record: record)
  }

  var state: JobState { job.record.state }
  var record: JobRecord { job.record }
  var failure: KinoraError.Code? { job.record.failure?.code }
  var money: [MoneyMove] { changes.compactMap(\.money) }
  var events: [String] { changes.flatMap { $0.events.map(\.type) } }
  var evidence: [String] { changes.flatMap { $0.evidence.map(\.kind) } }

  /// Gives one input; answers the effects as words.
  @discardableResult
  mutating func give(_ input: JobInput) -> [String] {
    let reduction = JobMachine.reduce(
      job, input,
      JobMachine.Circumstances(
        now: now, pacing: Pacing(speed: speed), jitter: 0.5, canStart: canStart))
    job = reduction.job
    if let change = reduction.change { changes.append(change) }
    for effect in reduction.effects {
      if case .step(let kind) = effect { told(kind) }
    }
    return reduction.effects.map(\.word)
  }

  /// The engine remembers the event that a paid request may come from.
  private mutating func told(_ kind: PluginEvent.Kind) {
    switch kind {
    case .begin: job.lastEvent = PaidEvent(isTimer: false, now: now, state: record.pluginState)
    case .timer: job.lastEvent = PaidEvent(isTimer: true, now: now, state: record.pluginState)
    default: job.lastEvent = nil
    }
  }

  /// A restart: only what is stored stays.
  mutating func restart(hasIntent: Bool = false) -> [String] {
    job = LiveJob(record: record)
    return give(.recovered(hasIntent: hasIntent))
  }

  // The usual way, step by step.

  mutating func claim() { give(.claimed) }
  /// Claimed, and the plugin wants to pay.
  mutating func wantPay() {
    claim()
    give(.stepped(.pay))
  }
  /// The permit is on disk, the request may be on the wire.
  mutating func submit() {
    wantPay()
    give(.permitAsked)
  }
  /// The provider took it and named an id.
  mutating func accept() {
    submit()
    give(.paid(200))
    give(.stepped(.wait(5000, handle: "p1", state: "id:p1")))
  }
  /// One poll that said it works.
  mutating func run() {
    accept()
    now += 5000
    give(.timer)
    give(.stepped(.poll))
    give(.free(200))
    give(.stepped(.wait(5000)))
  }
  /// The provider is done and named its result.
  mutating func finish(cost: Int64? = nil) {
    run()
    now += 5000
    give(.timer)
    give(.stepped(.done(cost: cost)))
  }
  /// The answer of the submit is lost.
  mutating func lose() {
    submit()
    give(.lost)
  }
  mutating func pass(_ milliseconds: Milliseconds) { now += milliseconds }
}

extension JobEffect {
  var word: String {
    switch self {
    case .step(let kind): "step \(kind.word)"
    case .send(_, let isPaid): isPaid ? "pay" : "send"
    case .wake(let wait): "wake \(wait)"
    case .enqueue: "enqueue"
    case .fetch(let asset): "fetch \(asset.url ?? asset.spoolPath ?? "")"
    case .journal: "journal"
    case .refusePermit: "refuse"
    case .interrupt: "interrupt"
    case .edgeBlocked: "edge"
    case .providerAnswered: "answered"
    case .cool(let model, _): "cool \(model)"
    }
  }
}

extension PluginEvent.Kind {
  var word: String {
    switch self {
    case .begin: "begin"
    case .response(let response): "response \(response.status)"
    case .unreachable: "unreachable"
    case .timer: "timer"
    case .cancel: "cancel"
    case .reconcile: "reconcile"
    case .adopt(let handle): "adopt \(handle)"
    }
  }
}

extension PluginStep {
  static let pay = PluginStep(
    verdict: .send(
      ProviderRequest(method: "POST", url: "https://world.test/jobs", isIdempotent: false)))
  static let poll = PluginStep(
    verdict: .send(
      ProviderRequest(method: "GET", url: "https://world.test/jobs/p1", isIdempotent: true)))
  static let unsupported = PluginStep(verdict: .unsupported)

  static func wait(
    _ milliseconds: UInt32, handle: String? = nil, state: String? = nil, permille: Int? = nil,
    note: String? = nil
  ) -> PluginStep {
    PluginStep(
      verdict: .wait(milliseconds: milliseconds), state: state.map { Array($0.utf8) },
      handle: handle, progressPermille: permille, note: note)
  }

  static func done(cost: Int64? = nil, assets: [String] = ["https://world.test/1.mp4"])
    -> PluginStep
  {
    var result: JSON = ["assets": .array(assets.map { ["url": .string($0)] })]
    if let cost { result = result.setting("cost_microusd", .integer(cost)) }
    return PluginStep(verdict: .succeed(result.bytes))
  }

  static func fail(
    _ code: PluginFailure.Code, _ message: String = "no", isRetryable: Bool = false,
    after: UInt32 = 0
  ) -> PluginStep {
    PluginStep(
      verdict: .fail(
        PluginFailure(code, message, isRetryable: isRetryable, retryAfter: after)))
  }
}

extension JobInput {
  /// An answer to the paid request.
  static func paid(
    _ status: Int, _ body: String = #"{"id":"p1"}"#, type: String = "application/json"
  )
    -> JobInput
  {
    .answered(exchange(status, body, type), isPaid: true)
  }
  /// An answer to a repeatable one.
  static func free(_ status: Int, _ body: String = "{}", type: String = "application/json")
    -> JobInput
  {
    .answered(exchange(status, body, type), isPaid: false)
  }
  /// The paid request left and nothing came back.
  static let lost = JobInput.answered(failed(.unknown), isPaid: true)
  /// Not a byte of the paid request left.
  static let unsent = JobInput.answered(failed(.no), isPaid: true)
  /// A repeatable exchange brought nothing.
  static let blip = JobInput.answered(failed(.unknown), isPaid: false)

  private static func exchange(_ status: Int, _ body: String, _ type: String) -> Exchange {
    Exchange(
      outcome: .response(
        ProviderResponse(
          status: status, fields: [(name: "content-type", value: type)], body: Array(body.utf8))),
      transport: .libcurl, reason: "paid")
  }
  static func failed(_ sent: Exchange.Sent, _ code: KinoraError.Code = .providerUnavailable)
    -> Exchange
  {
    Exchange(
      outcome: .failed(sent: sent, KinoraError(code, "it broke")), transport: .libcurl,
      reason: "paid")
  }
}
