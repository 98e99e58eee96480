public import KinoraModel

/// Looking at jobs and deciding about them.
extension JobService {
  /// The job and its outward form, when it is in memory and the viewer may see it. For the fast path.
  public func cached(_ id: JobID, _ viewer: Viewer) -> JobDirectory.Entry? {
    guard let entry = parts.directory.get(id), viewer.sees(entry.record) else { return nil }
    return entry
  }

  /// The job, from memory or from disk. Throws `notFound`, the same for a foreign id as for none.
  public func job(_ id: JobID, _ viewer: Viewer) async throws(KinoraError) -> JobRecord {
    if let entry = parts.directory.get(id) {
      guard viewer.sees(entry.record) else { throw Self.missing(id) }
      return entry.record
    }
    guard let record = try await parts.store.job(id), viewer.sees(record) else {
      throw Self.missing(id)
    }
    parts.directory.keep(record)
    return record
  }

  /// One page of jobs that the viewer may see.
  public func jobs(_ query: JobQuery, _ viewer: Viewer) async throws(KinoraError) -> JobPage {
    var own = query
    if !viewer.isAdmin { own.client = viewer.client }
    return try await parts.store.jobs(own)
  }

  /// Waits until the job is outwardly over or the time has passed, then answers it as it stands.
  public func wait(_ id: JobID, _ viewer: Viewer, milliseconds: Milliseconds)
    async throws(KinoraError) -> JobRecord
  {
    let end = parts.clock.steady() + milliseconds
    while true {
      let head = hub.head
      let record = try await job(id, viewer)
      guard !record.state.isOutwardlyOver, parts.clock.steady() < end, !Task.isCancelled else {
        return record
      }
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.hub.wait(.job(id), after: head) }
        group.addTask { await self.parts.clock.sleep(untilSteady: end) }
        await group.next()
        group.cancelAll()
      }
      if await engine.isDraining { return try await job(id, viewer) }
    }
  }

  /// Cancels a job. Throws `wrongState` when there is nothing left to cancel.
  public func cancel(_ id: JobID, _ viewer: Viewer) async throws(KinoraError) -> JobRecord {
    let record = try await job(id, viewer)
    switch record.state {
    case .held:
      throw KinoraError(
        .wrongState,
        "\(id) is held: it may have been charged. Decide with: kinora jobs resolve \(id)")
    case .ready, .fetching:
      throw KinoraError(.wrongState, "\(id) is finished and is being stored; nothing can be saved")
    case .completed, .failed, .cancelled, .expired:
      throw KinoraError(.wrongState, "\(id) is over: \(record.state.rawValue)")
    default: break
    }
    _ = await engine.tell(id, .cancelAsked)
    return try await job(id, viewer)
  }

  /// A person's decision about a held job.
  public func resolve(_ id: JobID, _ resolution: Resolution, _ viewer: Viewer)
    async throws(KinoraError) -> JobRecord
  {
    let record = try await job(id, viewer)
    guard record.state == .held || record.state == .submitUnknown else {
      throw KinoraError(
        .wrongState, "\(id) is \(record.state.rawValue); only a held job is resolved")
    }
    guard await engine.tell(id, .resolved(resolution)) else {
      throw KinoraError(.wrongState, "\(id) is not open any more")
    }
    let after = try await job(id, viewer)
    guard after.sequence > record.sequence else {
      throw KinoraError(
        .wrongState,
        "nothing was changed: \(id) is being looked up just now, or its plugin does "
          + "not work", retryAfter: 60)
    }
    return after
  }

  /// Deletes a job that is over. Throws `wrongState` for a live one, naming what to do.
  public func delete(_ id: JobID, _ viewer: Viewer) async throws(KinoraError) {
    let record = try await job(id, viewer)
    guard record.state.isTerminal, record.tailUntil == nil, await engine.forget(id) else {
      throw KinoraError(.wrongState, "\(id) \(Self.whyNotDeleted(record))")
    }
    var change = StoreChange()
    change.delete = id
    _ = try await parts.store.commit(change)
    parts.directory.remove(id)
  }

  private static func whyNotDeleted(_ record: JobRecord) -> String {
    switch record.state {
    case .held: "is held: it may have been charged. First: kinora jobs resolve \(record.id)"
    case .ready, .fetching: "is finished and is being stored: delete it afterwards"
    case let state where !state.isTerminal:
      "is \(state.rawValue): POST /v1/videos/\(record.id)/cancel first"
    default:
      "still waits for the provider's word about its money, until "
        + "\(UTC.timestamp(record.tailUntil ?? record.createdAt)) at the latest"
    }
  }

  /// What is known about a job's paid requests.
  public func evidence(_ id: JobID, _ viewer: Viewer) async throws(KinoraError) -> [EvidenceRow] {
    _ = try await job(id, viewer)
    return try await parts.store.evidence(id)
  }

  /// The answer that made a job known reached its client whole, or did not.
  public func delivered(_ id: JobID, whole: Bool) { repeats.delivered(id, whole: whole) }

  /// Where an artifact lies. Throws `notReady`, `notFound` or `artifactExpired`.
  public func artifact(_ id: JobID, index: Int, _ viewer: Viewer) async throws(KinoraError) -> (
    record: JobRecord, artifact: Artifact, path: String
  ) {
    let record = try await job(id, viewer)
    guard record.state == .completed else {
      throw KinoraError(
        .notReady,
        record.state.isOutwardlyOver
          ? "\(id) is \(record.state.rawValue) and has no file"
          : "\(id) is not finished: \(record.state.rawValue)",
        retryAfter: record.state.isOutwardlyOver ? nil : 2)
    }
    guard record.artifacts.indices.contains(index) else {
      throw KinoraError(
        .badField, "index must be 0 to \(record.artifacts.count - 1)", field: "index")
    }
    let artifact = record.artifacts[index]
    guard let path = parts.artifacts.path(sha256: artifact.sha256) else {
      throw KinoraError(.artifactExpired, "the file of \(id) was removed")
    }
    return (record, artifact, path)
  }

  /// Events that a follower missed and may see now: `(events, upTo)`; an empty list means wait.
  public func events(_ subject: EventHub.Subject, after: Int64) async throws(KinoraError) -> (
    events: [JobEvent], upTo: Int64
  ) {
    if let recent = hub.recent(subject, after: after) { return recent }
    let head = hub.head
    let most = 500
    let (job, client): (JobID?, String?) =
      switch subject {
      case .job(let id): (id, nil)
      case .client(let name): (nil, name)
      case .all: (nil, nil)
      }
    let rows = try await parts.store.events(
      after: after, upTo: head, job: job, client: client, limit: most)
    return (rows, rows.count == most ? rows.last?.seq ?? head : head)
  }

  /// Budget rows the viewer may see.
  public func usage(day: String?, _ viewer: Viewer) async throws(KinoraError) -> [UsageRow] {
    var rows = try await parts.store.usage(day: day, scopePrefix: nil)
    let today = UTC.day(parts.clock.now())
    for at in rows.indices
    where rows[at].day == BudgetScope.period(of: rows[at].scope, day: today) {
      rows[at].cap = cap(rows[at].scope)
    }
    // The cap in force, also before the first reservation of the day and after a reload.
    if viewer.isAdmin, day == nil || day == today || day == "all" {
      let isThere = rows.contains { $0.scope == "host" && $0.day == today }
      if !isThere, day != "all" {
        rows.append(
          UsageRow(
            scope: "host", day: today, cap: policy.hostCap, reserved: .zero, spent: .zero))
      }
    }
    guard !viewer.isAdmin else { return rows }
    return rows.filter { row in
      ["client:\(viewer.client)", "month:\(viewer.client)"].contains(row.scope)
        || row.scope.hasPrefix("user:\(viewer.client)/")
    }
  }

  /// The cap in force for `host`, `client:NAME`, `month:CLIENT` or `user:CLIENT/NAME`.
  private func cap(_ scope: String) -> MicroUSD? {
    let policy = policy
    if scope == "host" { return policy.hostCap }
    let owner = scope.drop { $0 != ":" }.dropFirst()
    if scope.hasPrefix("month:") { return policy.clients.rules(String(owner))?.monthCap }
    if scope.hasPrefix("client:") { return policy.clients.rules(String(owner))?.dayCap }
    return policy.clients.rules(String(owner.prefix { $0 != "/" }))?.userDayCap
  }

  /// The engine's present status.
  public func status() async -> Engine.Status { await engine.status() }

  /// Stops paid submits, or lets them go on.
  public func setPaused(_ paused: Bool) async { await engine.setPaused(paused) }

  private static func missing(_ id: JobID) -> KinoraError {
    KinoraError(.notFound, "there is no job \(id.rawValue.quoted)")
  }
}
