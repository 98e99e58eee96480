import Glibc
import KinoraModel
import KinoraStore
import Testing

@Suite struct OpeningTests {
  private func fill(_ folder: TestFolder, jobs: Int = 1, close: Bool = true) async throws {
    let store = try SQLiteJobStore.open(folder)
    for i in 0..<jobs { try await store.insert(record("\(i)")) }
    if close { await store.close() }
  }

  /// The step after the last one of this version.
  private static let next = Int64(Migration.all.count) + 1

  @Test("A newer schema is refused, both versions named [T84]")
  func newer() async throws {
    let folder = TestFolder()
    try await fill(folder)
    let next = Migration(number: Self.next, name: "later", sql: "CREATE TABLE later(x)")
    let store = try SQLiteJobStore.open(folder) { $0.migrations.append(next) }
    await store.close()
    let error = await failure { _ = try SQLiteJobStore.open(folder) }
    #expect(error?.code == .configuration)
    #expect(error?.message.contains("schema \(Self.next)") == true)
    #expect(error?.message.contains("up to \(Self.next - 1)") == true)
  }

  @Test("A migration is numbered, done whole or not at all, and once [T84]")
  func migrations() async throws {
    let folder = TestFolder()
    try await fill(folder)
    let bad = Migration(
      number: Self.next, name: "bad",
      sql: "ALTER TABLE job ADD COLUMN extra TEXT; SELECT * FROM nowhere")
    let error = await failure {
      _ = try SQLiteJobStore.open(folder) { $0.migrations.append(bad) }
    }
    #expect(error?.code == .storeFailed)
    #expect(error?.message.contains("migration \(Self.next) (bad)") == true)
    let good = Migration(
      number: Self.next, name: "good", sql: "ALTER TABLE job ADD COLUMN extra TEXT DEFAULT 'x'")
    for _ in 0..<2 {
      let store = try SQLiteJobStore.open(folder) {
        $0.migrations.append(good)
        $0.now = 77
      }
      #expect(try await store.job(record("0").id) != nil)
      await store.close()
    }
    let raw = try RawDatabase(folder["kinora.db"])
    #expect(try raw.integer("SELECT count(*) FROM migration WHERE at = 77") == 1)
    #expect(try raw.integer("SELECT count(*) FROM job WHERE extra = 'x'") == 1)
    #expect(Migration.all.map(\.number) == Array(1...Int64(Migration.all.count)))
  }

  @Test("The columns of a store that several hosts share are there from the first schema")
  func owner() async throws {
    let folder = TestFolder()
    try await fill(folder)
    let raw = try RawDatabase(folder["kinora.db"])
    #expect(try raw.integer("SELECT count(*) FROM job WHERE owner = '' AND epoch = 0") == 1)
    #expect(try raw.integer("SELECT principal = 'uid:1000' FROM job") == 1)
  }

  @Test("An older copy of the database is recognised, and event numbers never come twice")
  func restored() async throws {
    let folder = TestFolder()
    try await fill(folder, jobs: 2)
    try folder.copy("kinora.db", to: "backup")
    var store = try SQLiteJobStore.open(folder)
    try await store.insert(record("later"))
    #expect(await store.head() == 3)
    await store.close()
    for name in ["kinora.db", "kinora.db-wal", "kinora.db-shm"] { unlink(folder[name]) }
    try folder.copy("backup", to: "kinora.db")

    store = try SQLiteJobStore.open(folder)
    #expect(store.isRestored)
    #expect(await store.head() == 1 << 32 - 1)
    // Every position that was given out before is behind what is kept.
    #expect(await store.tail() == 1 << 32)
    #expect(try await store.insert(record("new")).map(\.seq) == [1 << 32])
    #expect(
      try await store.events(after: 0, upTo: .max, job: nil, client: nil, limit: 9).count == 3)
    await store.close()
    store = try SQLiteJobStore.open(folder)
    #expect(!store.isRestored)
    #expect(await store.head() == 1 << 32)
    await store.close()
  }

  @Test("A database that is older than its journal is recognised by the generation")
  func generation() async throws {
    let folder = TestFolder()
    try await fill(folder)
    unlink(folder["kinora.db-mark"])
    let store = try SQLiteJobStore.open(folder) { $0.journalGeneration = 3 }
    #expect(store.isRestored && store.generation == 0)
    try await store.setGeneration(4)
    await store.close()
    let again = try SQLiteJobStore.open(folder) { $0.journalGeneration = 4 }
    #expect(!again.isRestored && again.generation == 4)
    await again.close()
  }

  @Test("After a stop that was not one, the structure is checked")
  func unclean() async throws {
    let folder = TestFolder()
    try await fill(folder, jobs: 5, close: false)
    // The copy of a database that runs is what a crash leaves.
    let crashed = TestFolder()
    for name in ["kinora.db", "kinora.db-wal", "kinora.db-mark"] {
      _ = crashed.write(name, folder.read(name))
    }
    let store = try SQLiteJobStore.open(crashed)
    #expect(store.wasUnclean && !store.isRestored)
    #expect(try await store.openJobs().count == 5)
    await store.close()
  }

  @Test("What is no database is refused in words")
  func noDatabase() async {
    let folder = TestFolder()
    _ = folder.write("kinora.db", Array(repeating: UInt8(ascii: "x"), count: 8192))
    let error = await failure { _ = try SQLiteJobStore.open(folder) }
    #expect(error?.code == .storeFailed)
    #expect(error?.message.contains("damaged") == true)
  }

  @Test("A flipped byte is noticed, or changes no job and no sum")
  func flips() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    // Many, so that the empty tables of the schema are the smaller part of the file.
    for i in 0..<120 {
      var change = insertion(record("\(i)", metadata: ["n": "\(i)"]))
      change.insert?.reserved = MicroUSD(7)
      change.money = .reserve(
        day: "2026-11-21", amount: MicroUSD(7), scopes: [BudgetScope("host", cap: nil)])
      _ = try await store.commit(change)
    }
    let truth = try await store.openJobs()
    await store.close()
    let sound = folder.read("kinora.db")
    var random = SeededRandom(6)
    var noticed = 0
    for _ in 0..<80 {
      let copy = TestFolder()
      var bytes = sound
      let at = Int.random(in: 0..<bytes.count, using: &random)
      bytes[at] ^= UInt8.random(in: 1...255, using: &random)
      _ = copy.write("kinora.db", bytes)
      if try await isNoticed(copy, truth) { noticed += 1 }
    }
    // Half of a file of this size is free space and index entries that are not looked at here.
    #expect(noticed > 20, "\(noticed)")
  }

  private func isNoticed(_ folder: TestFolder, _ truth: [JobRecord]) async throws -> Bool {
    // Without its mark it counts as not closed: the structure is checked.
    var opened: SQLiteJobStore?
    let refusal = await failure { opened = try SQLiteJobStore.open(folder) }
    guard let store = opened else {
      #expect([.storeFailed, .configuration].contains(refusal?.code), "\(refusal as Any)")
      return true
    }
    var query = JobQuery()
    query.limit = 1000
    query.ascending = true
    let asked = query
    var isNoticed = false
    let error = await failure {
      let jobs = try await store.jobs(asked).jobs
      // A row may be lost from an index, never be another.
      #expect(jobs.allSatisfy { truth.contains($0) })
      let sums = try await store.moneyDifferences()
      isNoticed = jobs != truth || !sums.isEmpty
    }
    if let error {
      #expect(error.code == .storeFailed)
      // And then nothing is written any more.
      #expect(await failure { try await store.ping() }?.code == .storeFailed)
      isNoticed = true
    }
    await store.close()
    return isNoticed
  }

  @Test("Events and keys go when they are old, in order, and the tail says so [P10]")
  func retention() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    for i in 0..<10 {
      var job = record("\(i)")
      job.createdAt = Milliseconds(i)
      var change = insertion(job)
      change.idempotencyKey = "\(i)"
      change.events = [event(1, at: Milliseconds(i))]
      _ = try await store.commit(change)
    }
    #expect(await store.tail() == 1)
    let gone = try await store.prune(eventsOlderThan: 4, idempotencyOlderThan: 7)
    #expect(gone.events == 4 && gone.keys == 7)
    // A day at the least.
    #expect(Limits.idempotencyLife >= 86_400_000)
    #expect(await store.tail() == 5)
    #expect(
      try await store.events(after: 0, upTo: 99, job: nil, client: "alice", limit: 99).map(\.seq)
        == Array(5...10))
    #expect(try await store.idempotent(client: "alice", key: "6") == nil)
    #expect(try await store.idempotent(client: "alice", key: "7") != nil)
    #expect(try await store.prune(eventsOlderThan: 4, idempotencyOlderThan: 7).events == 0)
    await store.close()
    let again = try SQLiteJobStore.open(folder)
    #expect(await again.tail() == 5)
    await again.close()
  }
}
