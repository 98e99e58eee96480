import KinoraModel

/// Applies one change inside a savepoint of the writer's transaction.
struct ChangeWriter {
  let connection: Connection

  /// - Returns: the new events with their numbers in the log.
  func apply(_ prepared: PreparedChange) throws(MemberFailure) -> [JobEvent] {
    let change = prepared.change
    var job: Int64?
    if let record = change.insert {
      job = try insert(record, prepared)
    } else if let record = change.update {
      job = try update(record, prepared)
    }
    if let record = prepared.record, let job {
      if let move = change.money {
        try MoneyWriter(connection: connection).apply(move, job: job, record)
      }
      if record.request.tenant != nil {
        let quota = QuotaWriter(connection: connection)
        if let move = change.quota { try quota.apply(move, job: job, id: record.id) }
        // Here and not with the rules: no way to end may forget it.
        if record.state.isTerminal, record.state != .completed { try quota.release(job) }
      }
      for row in change.evidence { try add(row, job: job) }
      let events = try append(change.events, of: record, job: job)
      if let id = change.delete { try delete(id) }
      return events
    }
    guard change.money == nil, change.evidence.isEmpty, change.events.isEmpty else {
      throw .refused(
        KinoraError(.internalError, "money, events and evidence need the job's record"))
    }
    if let id = change.delete { try delete(id) }
    return []
  }

  private func insert(
    _ record: JobRecord, _ prepared: PreparedChange
  ) throws(MemberFailure) -> Int64 {
    let fingerprint = prepared.change.fingerprint ?? ""
    if let key = prepared.change.idempotencyKey {
      try claim(key, fingerprint: fingerprint, for: record)
    }
    try connection.apply(
      """
      INSERT INTO job(id, client, principal, provider, model, state, created_at, updated_at, open,
        tail_until, reserved, settled, fingerprint, owner, epoch, checksum, record)
      VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
      """,
      .text(record.id.rawValue), .text(record.client), .text(record.principal),
      .text(record.provider), .text(record.model), .text(record.state.rawValue),
      .integer(record.createdAt), .integer(prepared.change.events.last?.at ?? record.createdAt),
      .integer(record.isOpenInStore ? 1 : 0), SQLValue(record.tailUntil),
      .integer(record.reserved.rawValue), SQLValue(record.settled?.rawValue), .text(fingerprint),
      .text(record.owner), .integer(Int64(record.epoch)), .integer(prepared.checksum),
      .blob(prepared.bytes))
    let job = connection.lastInserted
    for (key, value) in record.request.metadata {
      try connection.apply(
        "INSERT INTO metadata(client, key, value, job) VALUES(?1, ?2, ?3, ?4)",
        .text(record.client), .text(key), .text(value), .integer(job))
    }
    try link(record.files, to: job)
    return job
  }

  private func claim(
    _ key: String, fingerprint: String, for record: JobRecord
  ) throws(MemberFailure) {
    let added = try connection.apply(
      """
      INSERT INTO idempotency(client, key, job, fingerprint, created_at) VALUES(?1, ?2, ?3, ?4, ?5)
      ON CONFLICT DO NOTHING
      """,
      .text(record.client), .text(key), .text(record.id.rawValue), .text(fingerprint),
      .integer(record.createdAt))
    if added == 1 { return }
    let holder = try connection.first(
      "SELECT job FROM idempotency WHERE client = ?1 AND key = ?2", .text(record.client),
      .text(key)
    ) { $0.text(0) }
    throw .refused(KinoraError(.idempotencyConflict, holder ?? ""))
  }

  private func update(
    _ record: JobRecord, _ prepared: PreparedChange
  ) throws(MemberFailure) -> Int64 {
    // Only a job's own client may be written: it is part of every index.
    let known = try connection.first(
      "SELECT pk FROM job WHERE id = ?1 AND client = ?2", .text(record.id.rawValue),
      .text(record.client)
    ) { $0.integer(0) }
    guard let job = known else {
      throw .refused(KinoraError(.notFound, "no job \(record.id) of client \(record.client)"))
    }
    try connection.apply(
      """
      UPDATE job SET provider = ?2, model = ?3, state = ?4, updated_at = coalesce(?5, updated_at),
        open = ?6, tail_until = ?7, reserved = ?8, settled = ?9, owner = ?10, epoch = ?11,
        checksum = ?12, record = ?13
      WHERE pk = ?1
      """,
      .integer(job), .text(record.provider), .text(record.model), .text(record.state.rawValue),
      SQLValue(prepared.change.events.last?.at), .integer(record.isOpenInStore ? 1 : 0),
      SQLValue(record.tailUntil), .integer(record.reserved.rawValue),
      SQLValue(record.settled?.rawValue), .text(record.owner), .integer(Int64(record.epoch)),
      .integer(prepared.checksum), .blob(prepared.bytes))
    try link(record.artifacts.map(\.sha256), to: job)
    return job
  }

  private func link(_ files: [String], to job: Int64) throws(MemberFailure) {
    for file in files {
      try connection.apply(
        "INSERT INTO artifact(job, sha256) VALUES(?1, ?2) ON CONFLICT DO NOTHING", .integer(job),
        .text(file))
    }
  }

  private func add(_ row: EvidenceRow, job: Int64) throws(MemberFailure) {
    try connection.apply(
      """
      INSERT INTO evidence(job, attempt, ordinal, kind, at, detail)
      VALUES(?1, ?2, ?3, ?4, ?5, ?6)
      """,
      .integer(job), .integer(Int64(row.attempt)), .integer(Int64(row.ordinal)), .text(row.kind),
      .integer(row.at), .blob(row.detail.bytes))
  }

  private func append(
    _ events: [StoreChange.NewEvent], of record: JobRecord, job: Int64
  ) throws(MemberFailure) -> [JobEvent] {
    var numbered: [JobEvent] = []
    for event in events {
      try connection.apply(
        "INSERT INTO event(job, n, client, at, type, data) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        .integer(job), .integer(Int64(event.number)), .text(record.client), .integer(event.at),
        .text(event.type), .blob(event.data))
      numbered.append(
        JobEvent(
          seq: connection.lastInserted, job: record.id, number: event.number,
          client: record.client, at: event.at, type: event.type, data: event.data))
    }
    return numbered
  }

  // The idempotency key stays: a repeat must not buy again what was bought and then removed. So do
  // hold and ledger.
  private func delete(_ id: JobID) throws(MemberFailure) {
    let found = try connection.first(
      "SELECT pk, open FROM job WHERE id = ?1", .text(id.rawValue)
    ) { ($0.integer(0), $0.integer(1) == 1) }
    guard let (job, isOpen) = found else {
      throw .refused(KinoraError(.notFound, "no job \(id)"))
    }
    guard !isOpen else {
      throw .refused(
        KinoraError(.wrongState, "job \(id) is not over, or its money is open; cancel it first"))
    }
    try QuotaWriter(connection: connection).release(job)
    try connection.apply("DELETE FROM metadata WHERE job = ?1", .integer(job))
    try connection.apply("DELETE FROM artifact WHERE job = ?1", .integer(job))
    try connection.apply("DELETE FROM evidence WHERE job = ?1", .integer(job))
    try connection.apply("DELETE FROM event WHERE job = ?1", .integer(job))
    try connection.apply("DELETE FROM job WHERE pk = ?1", .integer(job))
    try connection.apply(
      "INSERT INTO removed(id) VALUES(?1) ON CONFLICT DO NOTHING", .text(id.rawValue))
  }
}
