import KinoraModel
import KinoraStore
import Testing

@Suite struct JobStoreTests {
  @Test("What was committed is read, by every way in, and after a restart")
  func readBack() async throws {
    let folder = TestFolder()
    let published = Published()
    let store = try SQLiteJobStore.open(folder, publishing: published)
    var change = insertion(record("a"))
    change.idempotencyKey = "key"
    let events = try await store.commit(change)
    #expect(events.map(\.seq) == [1] && events.map(\.number) == [1])
    #expect(published.events == events)
    var job = try #require(change.insert)
    #expect(try await store.job(job.id) == job)
    #expect(try await store.openJobs() == [job])
    let held = try await store.idempotent(client: "alice", key: "key")
    #expect(held?.job == job.id && held?.fingerprint == "print of video_a")
    #expect(try await store.idempotent(client: "bob", key: "key") == nil)

    job.state = .completed
    job.sequence = 2
    var update = StoreChange()
    update.update = job
    update.events = [event(2)]
    update.evidence = [
      EvidenceRow(attempt: 1, ordinal: 1, kind: "answer", at: 5, detail: ["status": 200])
    ]
    _ = try await store.commit(update)
    #expect(try await store.openJobs() == [])
    #expect(await store.head() == 2)
    await store.close()

    let again = try SQLiteJobStore.open(folder)
    #expect(!again.wasUnclean && !again.isRestored)
    #expect(try await again.job(job.id) == job)
    #expect(await again.head() == 2)
    #expect(try await again.evidence(job.id) == update.evidence)
    #expect(
      try await again.events(after: 0, upTo: 9, job: job.id, client: nil, limit: 9).count == 2)
    try await again.ping()
    await again.close()
    #expect(await failure { try await again.ping() }?.code == .unavailable)
  }

  @Test("A job stays open while its money or its tail is")
  func open() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    var wanted: [JobID] = []
    for state in JobState.allCases {
      for (name, reserved, tail) in [("plain", 0, nil), ("money", 5, nil), ("tail", 0, 9)]
        as [(String, Int64, Int64?)]
      {
        var job = record("\(state.rawValue)-\(name)")
        job.state = state
        job.reserved = MicroUSD(reserved)
        job.tailUntil = tail
        try await store.insert(job)
        if !state.isTerminal || name != "plain" { wanted.append(job.id) }
      }
    }
    #expect(try await store.openJobs().map(\.id) == wanted)
    #expect(try await store.openJobIDs() == Set(wanted))
    await store.close()
  }

  @Test("An idempotency key answers for one job of one client")
  func idempotency() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    // Thirty-two at once: one wins, the others learn its name and leave nothing behind.
    let answers = await withTaskGroup(of: (JobID, KinoraError?).self) { group in
      for i in 0..<32 {
        group.addTask {
          var change = insertion(record("k\(i)"))
          change.idempotencyKey = "same"
          let sent = change
          return (record("k\(i)").id, await failure { _ = try await store.commit(sent) })
        }
      }
      return await group.reduce(into: [(JobID, KinoraError?)]()) { $0.append($1) }
    }
    let winners = answers.filter { $0.1 == nil }.map(\.0)
    #expect(winners.count == 1)
    for (_, error) in answers {
      guard let error else { continue }
      #expect(error.code == .idempotencyConflict)
      #expect(error.message == winners.first?.rawValue)
    }
    #expect(try await store.jobs(JobQuery()).jobs.map(\.id) == winners)
    var other = insertion(record("other", client: "bob"))
    other.idempotencyKey = "same"
    _ = try await store.commit(other)
    await store.close()
  }

  @Test("A POST without a key finds the jobs with the same fields, the newest first")
  func recent() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    for name in ["one", "two"] {
      var change = insertion(record(name))
      change.fingerprint = "same"
      _ = try await store.commit(change)
    }
    func find(_ client: String, _ print: String, _ since: Milliseconds) async throws -> [String] {
      try await store.recent(client: client, fingerprint: print, since: since).map(\.rawValue)
    }
    #expect(try await find("alice", "same", 1_000) == ["video_two", "video_one"])
    #expect(try await find("alice", "same", 1_001) == [])
    #expect(try await find("bob", "same", 0) == [])
    #expect(try await find("alice", "", 0) == [])
    await store.close()
  }

  @Test("A job is removed when it is over; its key and its money stay")
  func deletion() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    var change = insertion(record("gone", metadata: ["a": "b"]))
    change.idempotencyKey = "key"
    change.insert?.artifacts = [Artifact(sha256: "cc", bytes: 1, mime: "video/mp4")]
    change.money = .reserve(
      day: "2026-11-21", amount: MicroUSD(5), scopes: [BudgetScope("host", cap: nil)])
    change.insert?.reserved = MicroUSD(5)
    _ = try await store.commit(change)
    var removal = StoreChange()
    removal.delete = JobID(rawValue: "video_gone")
    let asked = removal
    #expect(await failure { _ = try await store.commit(asked) }?.code == .wrongState)
    var update = StoreChange()
    update.update = change.insert
    update.update?.state = .completed
    update.update?.reserved = .zero
    update.update?.settled = MicroUSD(4)
    update.money = .settle(spent: MicroUSD(4))
    _ = try await store.commit(update)
    #expect(try await store.unreferencedArtifacts(among: ["cc", "dd"]) == ["dd"])
    _ = try await store.commit(removal)
    #expect(try await store.job(JobID(rawValue: "video_gone")) == nil)
    #expect(try await store.events(after: 0, upTo: 9, job: nil, client: nil, limit: 9) == [])
    #expect(try await store.unreferencedArtifacts(among: ["cc", "dd"]) == ["cc", "dd"])
    #expect(try await store.idempotent(client: "alice", key: "key")?.job.rawValue == "video_gone")
    let never = JobID(rawValue: "video_never")
    #expect(try await store.unknownJobs(among: [record("gone").id, never]) == [never])
    #expect(try await store.usage(day: nil, scopePrefix: nil).first?.spent == MicroUSD(4))
    #expect(try await store.moneyDifferences() == [])
    #expect(await failure { _ = try await store.commit(asked) }?.code == .notFound)
    await store.close()
  }

  @Test("A change that cannot be right is refused, and says what is wrong")
  func refusals() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    try await store.insert(record("a"))
    var twice = StoreChange()
    twice.update = record("a")
    twice.insert = record("b")
    var stranger = StoreChange()
    stranger.update = record("a", client: "mallory")
    var loose = StoreChange()
    loose.delete = JobID(rawValue: "video_a")
    loose.money = .release
    var gap = StoreChange()
    gap.update = record("a")
    gap.events = [event(1)]
    for (change, code) in [
      (StoreChange(), .internalError), (twice, .internalError), (stranger, .notFound),
      (loose, .internalError), (gap, .internalError), (insertion(record("a")), .internalError),
    ] as [(StoreChange, KinoraError.Code)] {
      #expect(await failure { _ = try await store.commit(change) }?.code == code)
    }
    #expect(store.failure == nil)
    #expect(await store.head() == 1)
    await store.close()
  }
}
