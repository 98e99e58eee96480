import KinoraModel
import KinoraStore
import Testing

@Suite struct SearchTests {
  private static let clients = ["alice", "bob", "carol"]
  private static let states: [JobState] = [.queued, .completed, .failed, .held]

  private func filled(_ folder: TestFolder) async throws -> (SQLiteJobStore, [JobRecord]) {
    let store = try SQLiteJobStore.open(folder)
    var random = SeededRandom(9)
    var jobs: [JobRecord] = []
    for i in 0..<150 {
      let client = Self.clients.randomElement(using: &random) ?? ""
      var metadata = ["project": "p\(Int.random(in: 0..<3, using: &random))"]
      if i % 25 == 0 { metadata["rare"] = "yes" }
      var job = record(
        "\(i)", client: client, metadata: metadata, provider: i % 3 == 0 ? "google" : "sample")
      job.state = Self.states.randomElement(using: &random) ?? .queued
      jobs.append(job)
    }
    let all = jobs
    // In one task each waits for the one before it: the order of acceptance is the order here.
    for job in all {
      var change = StoreChange()
      change.insert = job
      _ = try await store.commit(change)
    }
    return (store, all)
  }

  /// What a page holds, by looking at everything.
  private func expected(_ query: JobQuery, _ jobs: [JobRecord]) -> [JobID] {
    let fitting = (query.ascending ? jobs : jobs.reversed()).filter { job in
      (query.client == nil || job.client == query.client)
        && (query.states.isEmpty || query.states.contains(job.state))
        && (query.provider == nil || job.provider == query.provider)
        && query.metadata.allSatisfy { job.request.metadata[$0.key] == $0.value }
    }
    return fitting.map(\.id)
  }

  @Test("Pages by cursor show each job once, whatever the filter")
  func pages() async throws {
    let folder = TestFolder()
    let (store, jobs) = try await filled(folder)
    var random = SeededRandom(4)
    for _ in 0..<40 {
      var query = JobQuery()
      query.limit = Int.random(in: 1...40, using: &random)
      query.ascending = Bool.random(using: &random)
      if Bool.random(using: &random) { query.client = Self.clients.randomElement(using: &random) }
      if Bool.random(using: &random) {
        query.states = Self.states.filter { _ in Bool.random(using: &random) }
      }
      if Int.random(in: 0..<3, using: &random) == 0 { query.provider = "google" }
      if Bool.random(using: &random) { query.metadata["project"] = "p1" }
      if Int.random(in: 0..<3, using: &random) == 0 { query.metadata["rare"] = "yes" }
      let wanted = expected(query, jobs)
      var seen: [JobID] = []
      while true {
        let page = try await store.jobs(query)
        seen += page.jobs.map(\.id)
        #expect(page.jobs.count <= query.limit)
        if !page.hasMore { break }
        #expect(page.jobs.count == query.limit)
        query.after = page.jobs.last?.id
      }
      #expect(seen == wanted, "\(query)")
    }
    await store.close()
  }

  @Test("A cursor that is not there, or another client's, is the same error")
  func cursor() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    try await store.insert(record("a", client: "alice"))
    for (after, client) in [("video_none", nil), ("video_a", "bob")] as [(String, String?)] {
      var query = JobQuery()
      query.client = client
      query.after = JobID(rawValue: after)
      let asked = query
      let error = await failure { _ = try await store.jobs(asked) }
      #expect(error?.code == .badField && error?.field == "after")
    }
    #expect(store.failure == nil)
    await store.close()
  }
}
