import Glibc
import KinoraModel
import KinoraStore
import Synchronization
import Testing

@Suite struct GroupCommitTests {
  @Test("A refused member of a batch leaves the others as they are")
  func isolation() async throws {
    let folder = TestFolder()
    let published = Published()
    let store = try SQLiteJobStore.open(folder, publishing: published)
    let raw = try RawDatabase(folder["kinora.db"])
    // While another holds the file, everything below gathers for one batch.
    try raw.execute("BEGIN IMMEDIATE")
    let refused = await withTaskGroup(of: Bool.self) { group in
      for i in 0..<40 {
        group.addTask {
          var change = insertion(record("\(i)"))
          if i % 4 == 0 {
            change.money = .reserve(
              day: "2026-11-21", amount: MicroUSD(1), scopes: [BudgetScope("host", cap: .zero)])
          }
          let sent = change
          return await failure { _ = try await store.commit(sent) }?.code == .budgetExceeded
        }
      }
      try? await Task.sleep(for: .milliseconds(100))
      try? raw.execute("COMMIT")
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(refused == 10)
    #expect(store.statistics.members == 40)
    #expect(store.statistics.commits <= 3)
    // Numbers without a gap, in the order of publication, though members were rolled back.
    #expect(published.events.map(\.seq) == Array(1...30))
    #expect(await store.head() == 30)
    var query = JobQuery()
    query.limit = 100
    #expect(try await store.jobs(query).jobs.count == 30)
    #expect(try await store.usage(day: nil, scopePrefix: nil) == [])
    await store.close()
  }

  @Test("Readers go on while the writer is held for two seconds")
  func readers() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder) { $0.busyMilliseconds = 300_000 }
    try await store.insert(record("a"))
    let raw = try RawDatabase(folder["kinora.db"])
    try raw.execute("BEGIN IMMEDIATE")
    let clock = ContinuousClock()
    let started = clock.now
    let isAnswered = Atomic(false)
    async let blocked: Void = {
      _ = try await store.insert(record("b"))
      isAnswered.store(true, ordering: .sequentiallyConsistent)
    }()
    // Reads that waited for the writer would never come to their end here.
    var reads = 0
    while reads < 50 || clock.now - started < .seconds(2) {
      #expect(try await store.job(record("a").id) != nil)
      #expect(try await store.jobs(JobQuery()).jobs.count == 1)
      reads += 1
      try await Task.sleep(for: .milliseconds(1))
    }
    let wasAnswered = isAnswered.load(ordering: .sequentiallyConsistent)
    #expect(!wasAnswered)
    try raw.execute("COMMIT")
    try await blocked
    #expect(try await store.job(record("b").id) != nil)
    await store.close()
  }

  @Test("A sync that fails ends the store: every waiting and later commit is refused")
  func failingSync() async throws {
    #expect(FaultVFS.isRegistered)
    let folder = TestFolder()
    let published = Published()
    let store = try SQLiteJobStore.open(folder, publishing: published) { $0.vfs = FaultVFS.name }
    try await store.insert(record("before"))
    FaultVFS.failSync(folder.path)
    let codes = await withTaskGroup(of: KinoraError.Code?.self) { group in
      for i in 0..<20 {
        group.addTask { await failure { _ = try await store.insert(record("\(i)")) }?.code }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes.count == 20 && codes.allSatisfy { $0 == .storeFailed })
    #expect(await failure { try await store.ping() }?.code == .storeFailed)
    #expect(store.failure?.code == .storeFailed)
    // Nothing that failed was announced; what was there can still be read.
    #expect(published.events.count == 1)
    #expect(try await store.job(record("before").id) != nil)
    await store.close()
  }

  @Test("A full disk refuses what does not fit and takes the next when there is room")
  func fullDisk() async throws {
    #expect(FaultVFS.isRegistered)
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder) { $0.vfs = FaultVFS.name }
    try await store.insert(record("before"))
    FaultVFS.fill(folder.path)
    for i in 0..<3 {
      let error = await failure { _ = try await store.insert(record("\(i)")) }
      #expect(error?.code == .storageFull)
    }
    #expect(store.failure == nil)
    FaultVFS.empty(folder.path)
    try await store.insert(record("after"))
    await store.close()
    let again = try SQLiteJobStore.open(folder)
    #expect(try await again.openJobs().map(\.id.rawValue) == ["video_before", "video_after"])
    #expect(try await again.integrityProblems() == [])
    await again.close()
  }

  @Test("A fault that the daemon was told to play fails the commit like the disk would")
  func hook() async throws {
    let folder = TestFolder()
    let isBroken = Atomic(false)
    let store = try SQLiteJobStore.open(folder) {
      $0.faults.fsync = { _ in isBroken.load(ordering: .relaxed) ? EIO : 0 }
    }
    try await store.insert(record("a"))
    isBroken.store(true, ordering: .relaxed)
    #expect(await failure { _ = try await store.insert(record("b")) }?.code == .storeFailed)
    isBroken.store(false, ordering: .relaxed)
    #expect(await failure { _ = try await store.insert(record("c")) }?.code == .storeFailed)
    await store.close()
  }

  @Test("The points at which a test may kill the daemon are passed in order")
  func points() async throws {
    let folder = TestFolder()
    let passed = Mutex<[String]>([])
    let store = try SQLiteJobStore.open(folder) { options in
      options.crash = CrashPoints { point in passed.withLock { $0.append(point) } }
    }
    try await store.insert(record("a"))
    #expect(passed.withLock { $0 } == ["store.commit.before", "store.commit.after"])
    #expect(CrashPoints.storePoints.contains("store.commit.after"))
    await store.close()
  }
}
