import KinoraModel
import KinoraStore
import Synchronization
import Testing

/// The last events in memory, as the daemon keeps them; a follower that is behind reads the table.
private final class Ring: Sendable {
  struct State {
    var events: [JobEvent] = []
    var head: Int64 = 0
    var isOver = false
    var all: [JobEvent] = []
  }
  let state = Mutex(State())

  var sink: @Sendable ([JobEvent]) -> Void {
    { more in
      self.state.withLock { state in
        state.events = (state.events + more).suffix(64)
        state.all += more
        state.head = more.last?.seq ?? state.head
      }
    }
  }
}

@Suite struct FollowerTests {
  private static let jobs = 40
  private static let events = 3_000

  @Test("Followers that are cut at random read every event once, in order [P12]")
  func cut() async throws {
    let folder = TestFolder()
    let ring = Ring()
    let store = try SQLiteJobStore(
      StoreOptions(path: folder["kinora.db"]), onCommit: ring.sink)
    let streams = await withTaskGroup(of: (Int, [JobEvent]).self) { group in
      for n in 0..<24 {
        group.addTask { (n, await self.follow(n, store, ring)) }
      }
      await self.produce(store)
      ring.state.withLock { $0.isOver = true }
      return await group.reduce(into: [Int: [JobEvent]]()) { $0[$1.0] = $1.1 }
    }
    let all = ring.state.withLock { $0.all }
    #expect(all.count >= Self.events)
    #expect(all.map(\.seq) == Array(1...Int64(all.count)))
    for (n, stream) in streams {
      let wanted = all.filter { Self.fits($0, n) }
      #expect(stream == wanted, "follower \(n): \(stream.count) of \(wanted.count)")
      #expect(!wanted.isEmpty)
    }
    await store.close()
  }

  // Every second follower looks at one job, the others at one client.
  private static func fits(_ event: JobEvent, _ n: Int) -> Bool {
    n % 2 == 1 ? event.job == job(n) : event.client == "c\(n % 5)"
  }

  private static func job(_ n: Int) -> JobID { record("\(n * 7 % jobs)").id }

  private func produce(_ store: SQLiteJobStore) async {
    var random = SeededRandom(3)
    var numbers = [Int](repeating: 0, count: Self.jobs)
    var made = 0
    while made < Self.events {
      // Several at once share a transaction; one in ten is refused in the middle of it.
      let members = (0..<Int.random(in: 1...20, using: &random)).map { _ in
        (Int.random(in: 0..<Self.jobs, using: &random), Int.random(in: 0..<10, using: &random) == 0)
      }
      var changes: [StoreChange] = []
      var touched: Set<Int> = []
      for (job, isRefused) in members where touched.insert(job).inserted {
        let isNew = numbers[job] == 0
        var change = insertion(record("\(job)", client: "c\(job % 5)"), events: 0)
        if !isNew { (change.update, change.insert) = (change.insert, nil) }
        change.events = [event(numbers[job] + 1), event(numbers[job] + 2)]
        if isRefused {
          // The second event repeats the first one's number.
          change.events[1].number = change.events[0].number
        } else {
          numbers[job] += 2
          made += 2
        }
        changes.append(change)
      }
      let batch = changes
      await withTaskGroup(of: Void.self) { group in
        for change in batch { group.addTask { _ = try? await store.commit(change) } }
      }
    }
  }

  /// Each turn is one connection: it begins behind the last event that reached the client.
  private func follow(_ n: Int, _ store: SQLiteJobStore, _ ring: Ring) async -> [JobEvent] {
    var random = SeededRandom(UInt64(100 + n))
    var out: [JobEvent] = []
    while true {
      var position = out.last?.seq ?? 0
      var left = Int.random(in: 1...100, using: &random)
      while left > 0 {
        let now = ring.state.withLock { state in
          (head: state.head, isOver: state.isOver, ring: state.events)
        }
        if position >= now.head {
          if now.isOver { return out }
          try? await Task.sleep(for: .milliseconds(2))
          continue
        }
        var rows = now.ring.filter { $0.seq > position && Self.fits($0, n) }
        var upTo = now.head
        if (now.ring.first?.seq ?? .max) > position + 1 {
          let read = try? await store.events(
            after: position, upTo: now.head, job: n % 2 == 1 ? Self.job(n) : nil,
            client: n % 2 == 1 ? nil : "c\(n % 5)", limit: 50)
          rows = read ?? []
          if rows.count == 50 { upTo = rows.last?.seq ?? upTo }
        }
        for row in rows {
          // Cut before this one reached the client.
          if Int.random(in: 0..<100, using: &random) == 0 { left = 0 }
          if left == 0 { break }
          out.append(row)
          left -= 1
        }
        position = upTo
      }
    }
  }
}
