import KinoraModel
import KinoraStore
import Testing

@Suite struct MoneyTests {
  static let day = "2026-11-21"

  private func reservation(
    _ job: JobRecord, _ amount: Int64, _ scopes: [BudgetScope], day: String = Self.day
  ) -> StoreChange {
    var change = insertion(job)
    change.insert?.reserved = MicroUSD(amount)
    change.money = .reserve(day: day, amount: MicroUSD(amount), scopes: scopes)
    return change
  }

  private func end(_ job: JobRecord, _ spent: Int64?) -> StoreChange {
    var change = StoreChange()
    change.update = job
    change.update?.state = .completed
    change.update?.reserved = .zero
    change.update?.settled = MicroUSD(spent ?? 0)
    change.money = spent.map { .settle(spent: MicroUSD($0)) } ?? .release
    return change
  }

  @Test("Thirty-two callers never pass a cap, at three levels, and every sum is exact")
  func concurrent() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    let caps: [String: Int64] = ["host": 60_000_000, "client": 20_000_000, "user": 9_000_000]
    let tally = await withTaskGroup(of: [String].self) { group in
      for n in 0..<32 {
        group.addTask {
          var random = SeededRandom(UInt64(n))
          var tally: [String] = []
          for i in 0..<30 {
            let job = record("\(n)-\(i)", client: "c\(n % 4)")
            let amount: Int64 = [400_000, 3_200_000, 1_234_567].randomElement(using: &random) ?? 0
            let scopes = [
              BudgetScope("user:c\(n % 4)/u\(n % 12)", cap: MicroUSD(caps["user"] ?? 0)),
              BudgetScope("client:c\(n % 4)", cap: MicroUSD(caps["client"] ?? 0)),
              BudgetScope("host", cap: MicroUSD(caps["host"] ?? 0)),
            ]
            // The day turns while others run.
            let change = self.reservation(
              job, amount, scopes, day: i < 15 ? Self.day : "2026-11-22")
            let error = await failure { _ = try await store.commit(change) }
            if let error {
              #expect(error.code == .budgetExceeded)
              tally.append(String((error.field ?? "").prefix { $0 != ":" }))
              continue
            }
            tally.append("admitted")
            let outcome = Int.random(in: 0..<20, using: &random)
            if outcome < 2 { continue }
            let ending = self.end(change.insert ?? job, outcome < 6 ? nil : amount - 17)
            #expect(await failure { _ = try await store.commit(ending) } == nil)
            // Settled twice: nothing changes.
            #expect(await failure { _ = try await store.commit(ending) } == nil)
          }
          return tally
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(tally.filter { $0 == "admitted" }.count > 20)
    #expect(Set(tally).isSuperset(of: ["user", "client"]))
    #expect(try await store.moneyDifferences() == [])
    for row in try await store.usage(day: nil, scopePrefix: nil) {
      #expect(row.reserved + row.spent <= row.cap ?? .zero)
      let level = String(row.scope.prefix { $0 != ":" })
      #expect(row.cap == MicroUSD(caps[level] ?? -1))
    }
    await store.close()
  }

  @Test("A refused third level leaves nothing reserved in the first two")
  func wholeOrNot() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    let scopes = [
      BudgetScope("user:a/u", cap: nil), BudgetScope("client:a", cap: MicroUSD(100)),
      BudgetScope("host", cap: MicroUSD(10)),
    ]
    let change = reservation(record("a"), 11, scopes)
    let error = await failure { _ = try await store.commit(change) }
    #expect(error?.code == .budgetExceeded && error?.field == "host")
    #expect(error?.message.contains("$0.00001 is left") == true)
    #expect(try await store.usage(day: nil, scopePrefix: nil) == [])
    #expect(try await store.job(record("a").id) == nil)
    await store.close()
  }

  @Test("A settlement above the reservation is booked in full and blocks the next reservation")
  func above() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    let scopes = [BudgetScope("host", cap: MicroUSD(100))]
    let first = reservation(record("a"), 60, scopes)
    _ = try await store.commit(first)
    _ = try await store.commit(end(first.insert ?? record("a"), 140))
    #expect(
      try await store.usage(day: Self.day, scopePrefix: "ho") == [
        UsageRow(
          scope: "host", day: Self.day, cap: MicroUSD(100), reserved: .zero, spent: MicroUSD(140))
      ])
    let next = reservation(record("b"), 1, scopes)
    #expect(await failure { _ = try await store.commit(next) }?.code == .budgetExceeded)
    // What costs nothing is not stopped by an empty purse.
    _ = try await store.commit(reservation(record("c"), 0, scopes))
    // Tomorrow is another budget.
    _ = try await store.commit(reservation(record("d"), 1, scopes, day: "2026-11-22"))
    #expect(try await store.moneyDifferences() == [])
    await store.close()
  }

  @Test("What was made is counted beside what it cost, in every scope [A123]")
  func made() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    let scopes = [BudgetScope("host", cap: nil), BudgetScope("client:a", cap: nil)]
    let clip = Artifact(sha256: "ab", bytes: 1, mime: "video/mp4", durationMilliseconds: 5020)
    let still = Artifact(sha256: "cd", bytes: 1, mime: "image/png")
    for (name, state) in [("a", JobState.completed), ("b", .completed), ("c", .failed)] {
      let first = reservation(record(name), 60, scopes)
      _ = try await store.commit(first)
      var last = end(first.insert ?? record(name), 50)
      last.update?.state = state
      last.update?.artifacts = [clip, still]
      _ = try await store.commit(last)
    }
    for row in try await store.usage(day: Self.day, scopePrefix: nil) {
      #expect(row.results == 4 && row.video == 10_040 && row.spent == MicroUSD(150), "\(row)")
    }
    #expect(try await store.moneyDifferences() == [])
    await store.close()
  }

  @Test("A fallback reserves the difference on the day of the first reservation")
  func difference() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    let scopes = [BudgetScope("host", cap: MicroUSD(100))]
    let first = reservation(record("a"), 60, scopes)
    _ = try await store.commit(first)
    var more = StoreChange()
    more.update = first.insert
    more.update?.reserved = MicroUSD(90)
    more.money = .reserve(day: "2026-11-22", amount: MicroUSD(30), scopes: scopes)
    _ = try await store.commit(more)
    let again = more
    #expect(await failure { _ = try await store.commit(again) }?.code == .budgetExceeded)
    let rows = try await store.usage(day: nil, scopePrefix: nil)
    #expect(rows.map(\.day) == [Self.day] && rows.first?.reserved == MicroUSD(90))
    _ = try await store.commit(end(more.update ?? record("a"), nil))
    #expect(try await store.usage(day: nil, scopePrefix: nil).first?.reserved == .zero)
    #expect(try await store.moneyDifferences() == [])
    await store.close()
  }

  @Test("A sum that does not agree is named")
  func audit() async throws {
    let folder = TestFolder()
    let store = try SQLiteJobStore.open(folder)
    let scopes = [BudgetScope("host", cap: nil)]
    _ = try await store.commit(reservation(record("a"), 60, scopes))
    let other = try RawDatabase(folder["kinora.db"])
    try other.execute("UPDATE budget SET spent = spent + 1")
    #expect(try await store.moneyDifferences().first?.hasPrefix("budget host on") == true)
    try other.execute("UPDATE budget SET spent = spent - 1; UPDATE job SET reserved = 59")
    #expect(try await store.moneyDifferences().first?.hasPrefix("job video_a") == true)
    await store.close()
  }
}
