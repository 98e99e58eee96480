import KinoraCore
import KinoraModel
import KinoraStore
import KinoraSystem

/// What happens between opening the store and serving: every open job goes on at its next step.
enum Recovery {
  /// Brings the open jobs into the engine. A permit in the journal whose job the database does not
  /// know (it is older than the journal) becomes a held job again.
  static func run(_ parts: Parts, log: Log) async throws(KinoraError) -> Int {
    let intents = parts.state.journal.history.intents
    var keys: Set<String> = []
    for intent in intents {
      keys.insert(
        Engine.intentKey(intent.job, attempt: intent.attempt, ordinal: intent.ordinal))
    }
    let unknown = try await parts.state.store.unknownJobs(among: Set(intents.map(\.job)))
    // The last permit of each: what is decided about it must not touch an earlier purchase's key.
    var lost: [JobID: Intent] = [:]
    for intent in intents where unknown.contains(intent.job) { lost[intent.job] = intent }
    for intent in lost.values.sorted(by: { $0.at < $1.at }) {
      guard try await parts.state.store.job(intent.job) == nil else { continue }
      try await rebuild(intent, parts)
      log(
        .warning, "recovery.rebuilt", "a paid request without a job is held again",
        ("job", intent.job.rawValue), ("provider", intent.provider))
    }
    let unreadable = parts.state.journal.history.unreadableLines
    if !unreadable.isEmpty {
      log(
        .error, "recovery.journal_damaged",
        "lines of the intent journal cannot be read: what was paid for may be missing in it",
        ("lines", unreadable.map(String.init).joined(separator: ",")))
    }
    if parts.state.journalWasLost {
      log(
        .error, "recovery.journal_lost",
        "the intent journal is older than the database: what was paid for may be missing in it")
    }
    let open = try await parts.state.store.openJobs()
    await parts.engine.recover(open, intents: keys)
    try await remember(parts)
    return open.count
  }

  /// What the last finished jobs took, for those to come.
  private static func remember(_ parts: Parts) async throws(KinoraError) {
    var query = JobQuery()
    query.states = [.completed]
    query.limit = 500
    for job in try await parts.state.store.jobs(query).jobs.reversed() {
      parts.timings.note(job)
    }
  }

  private static func rebuild(_ intent: Intent, _ parts: Parts) async throws(KinoraError) {
    var request = GenerationRequest(
      model: "\(intent.provider)/\(intent.model)", prompt: "(lost with the database)")
    request.metadata = [:]
    let terms =
      parts.service.policy.index.entry(provider: intent.provider, model: intent.model)?.model.terms
      ?? SubmitTerms()
    var record = JobRecord(
      id: intent.job, client: intent.client, principal: intent.principal, door: "journal",
      createdAt: intent.at, request: request, kind: .textToVideo, provider: intent.provider,
      plugin: intent.plugin, model: intent.model, seed: intent.seed, terms: terms,
      quote: Quote(
        amount: intent.amount, fixed: intent.amount, basis: "journal", source: "catalog"),
      queueUntil: intent.at)
    record.state = .held
    record.attempt = intent.attempt
    record.ordinal = intent.ordinal
    record.intentAt = intent.at
    record.reserved = intent.amount
    record.sequence = 1
    record.failure = JobFailure(
      .heldForReview,
      HeldText.of(record, "the journal knows a paid request that the database does not"))
    var change = StoreChange()
    change.insert = record
    change.fingerprint = ""
    change.money = .reserve(
      day: UTC.day(intent.at), amount: intent.amount,
      scopes: [
        BudgetScope("host", cap: nil), BudgetScope("client:\(intent.client)", cap: nil),
      ])
    change.events = [
      StoreChange.NewEvent(
        number: 1, at: parts.clock.now(), type: "job.held",
        data: JSON.object([
          JSONMember("id", .string(intent.job.rawValue)), JSONMember("state", "held"),
          JSONMember("status", "failed"), JSONMember("n", 1),
        ]).bytes)
    ]
    _ = try await parts.state.store.commit(change)
  }
}
