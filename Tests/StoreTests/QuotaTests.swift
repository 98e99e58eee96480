import KinoraModel
import KinoraStore
import Testing

/// Quotas in counts: reserved with the job, counted with its delivery, exact at every moment.
@Suite struct QuotaStoreTests {
  static let now: Milliseconds = 1_795_248_000_000
  static let day: Milliseconds = 86_400_000

  private let folder = TestFolder()

  private func claim(
    _ name: String, user: String = "u1", kind: QuotaKind = .video, units: Int = 1,
    at: Milliseconds = Self.now
  ) -> StoreChange {
    var job = record(name, client: "bot")
    job.request.tenant = "t1"
    var change = insertion(job)
    change.quota = .reserve(
      QuotaClaim(
        client: "bot", tenant: "t1", user: user, kind: kind, units: units, at: at))
    return change
  }

  private func end(
    _ change: StoreChange, _ state: JobState, _ quota: QuotaMove? = nil
  ) -> StoreChange {
    var ending = StoreChange()
    ending.update = change.insert
    ending.update?.state = state
    ending.quota = quota
    return ending
  }

  private func standing(
    _ store: SQLiteJobStore, user: String = "u1", kind: QuotaKind = .video,
    at now: Milliseconds = Self.now
  ) async throws -> QuotaStanding {
    try await store.quota(client: "bot", tenant: "t1", kind: kind, user: user, now: now)
  }

  private func set(
    _ store: SQLiteJobStore, now: Milliseconds = Self.now, _ change: (inout QuotaRule) -> Void
  ) async throws {
    let known = try await store.tenants().first { $0.name == "t1" }
    var tenant = known ?? TenantSettings(client: "bot", name: "t1")
    var rule = tenant.quotas[.video] ?? QuotaRule()
    change(&rule)
    tenant.quotas[.video] = rule
    tenant.version += 1
    #expect(try await store.put(tenant, replacing: tenant.version - 1, now: now))
  }

  @Test("Ten at once on a quota of one: one is taken [T12]")
  func parallel() async throws {
    let store = try SQLiteJobStore.open(folder)
    try await set(store) { $0.perUserPerDay = 1 }
    let errors = await withTaskGroup(of: KinoraError?.self) { group in
      for n in 0..<10 {
        group.addTask { await failure { _ = try await store.commit(self.claim("\(n)")) } }
      }
      return await group.reduce(into: [KinoraError]()) { if let error = $1 { $0.append(error) } }
    }
    #expect(errors.count == 9)
    for error in errors {
      #expect(error.code == .quotaExceeded)
      #expect(error.facts.first { $0.key == "scope" }?.value == "user")
      #expect(error.facts.first { $0.key == "limit" }?.value == 1)
      #expect(error.facts.first { $0.key == "resets_at" }?.value.string?.hasSuffix("Z") == true)
    }
    #expect(try await standing(store).user.reserved == 1)
    #expect(try await store.quotaDifferences() == [])
    await store.close()
  }

  @Test("The user is asked before the pool, and a refusal leaves nothing behind [T82]")
  func order() async throws {
    let store = try SQLiteJobStore.open(folder)
    try await set(store) {
      $0.perUserPerDay = 1
      $0.pool = 2
    }
    _ = try await store.commit(claim("a"))
    let user = await failure { _ = try await store.commit(claim("b")) }
    #expect(user?.field == "user")
    _ = try await store.commit(claim("c", user: "u2"))
    let pool = await failure { _ = try await store.commit(claim("d", user: "u3")) }
    #expect(pool?.field == "tenant")
    #expect(try await standing(store, user: "u3").user.reserved == 0)
    #expect(try await standing(store).pool.reserved == 2)
    #expect(try await store.job(record("d").id) == nil)
    #expect(try await store.quotaDifferences() == [])
    await store.close()
  }

  @Test(
    "Every end without delivery gives the quota back, without being told to [T16]",
    arguments: [JobState.failed, .cancelled, .expired])
  func released(state: JobState) async throws {
    let store = try SQLiteJobStore.open(folder)
    let change = claim("a", units: 3)
    _ = try await store.commit(change)
    #expect(await failure { _ = try await store.commit(claim("b")) }?.code == .quotaExceeded)
    _ = try await store.commit(end(change, .held))
    #expect(try await standing(store).user.reserved == 3)
    _ = try await store.commit(end(change, state))
    _ = try await store.commit(end(change, state, .release))
    #expect(try await standing(store).user.reserved == 0)
    #expect(try await standing(store).pool.reserved == 0)
    #expect(try await store.quotaDifferences() == [])
    // A late result of an expired job is counted when it is delivered after all.
    _ = try await store.commit(end(change, .completed, .count(at: Self.now)))
    _ = try await store.commit(end(change, .completed, .count(at: Self.now)))
    #expect(try await standing(store).user.used == 3)
    #expect(try await store.quotaDifferences() == [])
    await store.close()
  }

  @Test("A removed job holds nothing, and one that was counted stays counted")
  func removed() async throws {
    let store = try SQLiteJobStore.open(folder)
    let (kept, counted) = (claim("a"), claim("b"))
    for change in [kept, counted] {
      _ = try await store.commit(change)
    }
    var done = end(kept, .completed)
    done.update?.reserved = .zero
    _ = try await store.commit(done)
    var taken = end(counted, .completed, .count(at: Self.now))
    taken.update?.reserved = .zero
    _ = try await store.commit(taken)
    #expect(try await store.undelivered(before: .max, most: 9) == [record("a").id])
    for name in ["a", "b"] {
      var removal = StoreChange()
      removal.delete = record(name).id
      _ = try await store.commit(removal)
    }
    #expect(try await standing(store).user.reserved == 0)
    #expect(try await standing(store).user.used == 1)
    #expect(try await store.quotaDifferences() == [])
    await store.close()
  }

  @Test(
    "Defaults: 3 a user and day, no pool, 365 days; videos and images apart [T68] [T72] [T73] [T74]"
  )
  func defaults() async throws {
    let store = try SQLiteJobStore.open(folder)
    for n in 0..<3 { _ = try await store.commit(claim("v\(n)")) }
    #expect(await failure { _ = try await store.commit(claim("v4")) }?.code == .quotaExceeded)
    _ = try await store.commit(claim("i", kind: .image))
    let (video, image) = (try await standing(store), try await standing(store, kind: .image))
    #expect(video.rule == QuotaRule())
    #expect(video.user.remaining == 0 && video.pool.remaining == nil)
    #expect(video.pool.resetsAt - video.pool.since == 365 * Self.day)
    #expect(image.user.reserved == 1 && image.user.remaining == 2)
    // The next day is another day.
    _ = try await store.commit(claim("v5", at: Self.now + Self.day))
    #expect(try await store.quotaDifferences() == [])
    await store.close()
  }

  @Test("A period turns by itself, and other days move its end [T74] [T82]")
  func period() async throws {
    let store = try SQLiteJobStore.open(folder)
    try await set(store) {
      $0.pool = 1
      $0.poolDays = 10
    }
    let first = claim("a")
    _ = try await store.commit(first)
    _ = try await store.commit(end(first, .completed, .count(at: Self.now)))
    let full = await failure {
      _ = try await store.commit(claim("b", user: "u2", at: Self.now + 10 * Self.day - 1))
    }
    #expect(full?.field == "tenant")
    #expect(full?.retryAfter == 1)
    #expect(try await standing(store, at: Self.now + 10 * Self.day).pool.used == 0)
    let second = claim("c", user: "u2", at: Self.now + 10 * Self.day)
    _ = try await store.commit(second)
    let later = Self.now + 11 * Self.day
    try await set(store, now: later) { $0.poolDays = 30 }
    let pool = try await standing(store, at: later).pool
    #expect(pool.since == Self.now + 10 * Self.day)
    #expect(pool.resetsAt == Self.now + 40 * Self.day)
    #expect(pool.reserved == 1 && pool.used == 0)
    #expect(try await store.quotaDifferences() == [])
    await store.close()
  }

  @Test("A pool that begins to count does not count what was before [T82]")
  func fresh() async throws {
    let store = try SQLiteJobStore.open(folder)
    let first = claim("a")
    _ = try await store.commit(first)
    _ = try await store.commit(end(first, .completed, .count(at: Self.now)))
    #expect(try await standing(store).pool.used == 1)
    try await set(store, now: Self.now + 5) { $0.pool = 1 }
    let pool = try await standing(store, at: Self.now + 5).pool
    #expect(pool.used == 0 && pool.since == Self.now + 5)
    _ = try await store.commit(claim("b", user: "u2", at: Self.now + 6))
    #expect(try await store.quotaDifferences() == [])
    await store.close()
  }

  @Test("Resets: one user's day, or the pool; others stay, and it is written down [T77] [T78]")
  func resets() async throws {
    let store = try SQLiteJobStore.open(folder)
    for (name, user) in [("a", "u1"), ("b", "u1"), ("c", "u2")] {
      let change = claim(name, user: user)
      _ = try await store.commit(change)
      _ = try await store.commit(end(change, .completed, .count(at: Self.now)))
    }
    _ = try await store.commit(claim("d"))
    try await store.reset(
      .user("u1"), client: "bot", tenant: "t1", kind: .video, by: "uid:7", now: Self.now)
    #expect(try await standing(store).user.used == 0)
    #expect(try await standing(store).user.reserved == 1)
    #expect(try await standing(store, user: "u2").user.used == 1)
    #expect(try await standing(store).pool.used == 3)
    #expect(try await store.quotaDifferences() == [])
    try await store.reset(
      .pool, client: "bot", tenant: "t1", kind: .video, by: "uid:7", now: Self.now + 9)
    let pool = try await standing(store, at: Self.now + 9).pool
    #expect(pool.used == 0 && pool.reserved == 1 && pool.since == Self.now + 9)
    #expect(try await store.quotaDifferences() == [])
    await store.close()
    let raw = try RawDatabase(folder["kinora.db"])
    #expect(try raw.integer("SELECT count(*) FROM quota_reset WHERE principal = 'uid:7'") == 2)
    #expect(try raw.integer("SELECT used FROM quota_reset WHERE user = 'u1'") == 2)
  }

  @Test(
    "Settings come back as they were written, and a stale writer is told [T64] [T65] [T66] [T83]")
  func settings() async throws {
    let store = try SQLiteJobStore.open(folder)
    var tenant = TenantSettings(client: "bot", name: "t1")
    tenant.version = 2
    tenant.isEnabled = false
    tenant.provider = "google"
    tenant.model = "google/veo"
    tenant.saved = [.init(provider: "sample", model: "sample/clip", savedAt: 5)]
    tenant.quotas[.image] = {
      var rule = QuotaRule()
      rule.perUserPerDay = 0
      rule.isEnabled = false
      return rule
    }()
    tenant.maxOutputBytes = 7
    tenant.profile = "discord"
    tenant.promptSuffix = "in style"
    tenant.styles = [
      "noir": StylePreset(prompt: "hard \"shadows\"", negative: "colour"),
      "dawn": StylePreset(prompt: "at dawn"),
    ]
    #expect(try await store.put(tenant, replacing: 1, now: Self.now))
    #expect(try await store.put(tenant, replacing: 1, now: Self.now) == false)
    #expect(try await store.tenants() == [tenant])
    await store.close()
    let raw = try RawDatabase(folder["kinora.db"])
    for query in [
      "SELECT videogen_enabled = 0 FROM tenant_capabilities WHERE tenant = 't1'",
      "SELECT video_model_id = 'google/veo' FROM tenant_models WHERE provider = 'google'",
      "SELECT video_model_id = 'sample/clip' FROM saved_provider_configs WHERE provider = 'sample'",
      "SELECT daily_user_quota = 3 AND serverwide_quota = 0 AND serverwide_quota_resets_in = 365 "
        + "FROM video_quota_configs",
      "SELECT count(*) = 0 FROM video_quotas",
      "SELECT count(*) = 0 FROM video_serverwide_quotas WHERE period_end < period_start",
    ] {
      #expect(try raw.integer(query) == 1, "\(query)")
    }
  }

  @Test("Sixteen at once, ending in every way: no limit is passed and every sum is exact")
  func chaos() async throws {
    let store = try SQLiteJobStore.open(folder)
    try await set(store) {
      $0.perUserPerDay = 7
      $0.pool = 25
    }
    await withTaskGroup(of: Void.self) { group in
      for n in 0..<16 {
        group.addTask {
          var random = SeededRandom(UInt64(n))
          for i in 0..<20 {
            let change = self.claim(
              "\(n)-\(i)", user: "u\(n % 5)", units: Int.random(in: 1...2, using: &random))
            if await failure({ _ = try await store.commit(change) }) != nil { continue }
            let ending: StoreChange? =
              switch Int.random(in: 0..<5, using: &random) {
              case 0: self.end(change, .failed)
              case 1: self.end(change, .completed, .count(at: Self.now))
              case 2: self.end(change, .completed, .release)
              case 3: self.end(change, .cancelled)
              default: nil
              }
            if let ending { _ = await failure { _ = try await store.commit(ending) } }
            if let standing = try? await self.standing(store, user: "u\(n % 5)") {
              #expect(standing.user.used + standing.user.reserved <= 7)
              #expect(standing.pool.used + standing.pool.reserved <= 25)
            }
          }
        }
      }
    }
    #expect(try await store.quotaDifferences() == [])
    await store.close()
  }
}
