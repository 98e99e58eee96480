import KinoraCore
import KinoraModel
import Synchronization

/// A job store in memory: enough of the rules for the front door to be judged by.
final class MemoryStore: JobStore {
  private struct State {
    var jobs: [JobID: JobRecord] = [:]
    var order: [JobID] = []
    var events: [JobEvent] = []
    var keys: [String: (job: JobID, fingerprint: String)] = [:]
    var evidence: [JobID: [EvidenceRow]] = [:]
    var budgets: [String: UsageRow] = [:]
    var seq: Int64 = 0
    var failure: KinoraError?
  }
  private let state = Mutex(State())
  private let publish: @Sendable ([JobEvent]) -> Void

  init(publish: @escaping @Sendable ([JobEvent]) -> Void) { self.publish = publish }

  /// What every commit throws from here on.
  func fail(_ error: KinoraError?) { state.withLock { $0.failure = error } }

  /// Forgets the oldest events, as retention does.
  func prune(through seq: Int64) { state.withLock { $0.events.removeAll { $0.seq <= seq } } }

  func note(_ id: JobID, _ row: EvidenceRow) {
    state.withLock { $0.evidence[id, default: []].append(row) }
  }

  func commit(_ change: StoreChange) async throws(KinoraError) -> [JobEvent] {
    let result = state.withLock { state -> Result<[JobEvent], KinoraError> in
      do throws(KinoraError) {
        return .success(try Self.apply(change, to: &state))
      } catch {
        return .failure(error)
      }
    }
    let events = try result.get()
    publish(events)
    return events
  }

  private static func apply(
    _ change: StoreChange, to state: inout State
  ) throws(KinoraError) -> [JobEvent] {
    if let failure = state.failure { throw failure }
    if case .reserve(let day, let amount, let scopes) = change.money {
      for scope in scopes {
        let row = state.budgets["\(scope.name) \(day)"]
        let used = (row?.reserved ?? .zero) + (row?.spent ?? .zero)
        if let cap = scope.cap, used + amount > cap {
          throw KinoraError(
            .budgetExceeded, "\(scope.name) may spend \(cap.dollars) a day", field: scope.name)
        }
      }
      for scope in scopes {
        let key = "\(scope.name) \(day)"
        var row =
          state.budgets[key]
          ?? UsageRow(scope: scope.name, day: day, cap: scope.cap, reserved: .zero, spent: .zero)
        row.reserved = row.reserved + amount
        state.budgets[key] = row
      }
    }
    if let record = change.insert {
      state.jobs[record.id] = record
      state.order.append(record.id)
      if let key = change.idempotencyKey {
        state.keys["\(record.client) \(key)"] = (record.id, change.fingerprint ?? "")
      }
    }
    if let record = change.update { state.jobs[record.id] = record }
    if let id = change.delete {
      state.jobs[id] = nil
      state.order.removeAll { $0 == id }
      state.events.removeAll { $0.job == id }
    }
    guard let record = change.insert ?? change.update else { return [] }
    var made: [JobEvent] = []
    for event in change.events {
      state.seq += 1
      made.append(
        JobEvent(
          seq: state.seq, job: record.id, number: event.number, client: record.client,
          at: event.at, type: event.type, data: event.data))
    }
    state.events += made
    return made
  }

  func openJobs() async throws(KinoraError) -> [JobRecord] {
    state.withLock { state in state.jobs.values.filter { !$0.state.isTerminal } }
  }

  func job(_ id: JobID) async throws(KinoraError) -> JobRecord? {
    state.withLock { $0.jobs[id] }
  }

  func jobs(_ query: JobQuery) async throws(KinoraError) -> JobPage {
    state.withLock { state in
      var ids = query.ascending ? state.order : state.order.reversed()
      if let after = query.after, let at = ids.firstIndex(of: after) {
        ids.removeFirst(at + 1)
      }
      let found = ids.compactMap { state.jobs[$0] }.filter { record in
        (query.client == nil || record.client == query.client)
          && (query.states.isEmpty || query.states.contains(record.state))
          && (query.provider == nil || record.provider == query.provider)
          && query.metadata.allSatisfy { record.request.metadata[$0.key] == $0.value }
      }
      return JobPage(
        jobs: Array(found.prefix(query.limit)), hasMore: found.count > query.limit)
    }
  }

  func idempotent(client: String, key: String) async throws(KinoraError) -> (
    job: JobID, fingerprint: String
  )? { state.withLock { $0.keys["\(client) \(key)"] } }

  func recent(
    client: String, fingerprint: String, since: Milliseconds
  ) async throws(KinoraError) -> [JobID] { [] }

  func events(
    after: Int64, upTo: Int64, job: JobID?, client: String?, limit: Int
  ) async throws(KinoraError) -> [JobEvent] {
    state.withLock { state in
      let found = state.events.filter { event in
        event.seq > after && event.seq <= upTo && (job == nil || event.job == job)
          && (client == nil || event.client == client)
      }
      return Array(found.prefix(limit))
    }
  }

  func head() async -> Int64 { state.withLock { $0.seq } }
  func tail() async -> Int64 { state.withLock { $0.events.first?.seq ?? $0.seq } }

  func usage(day: String?, scopePrefix: String?) async throws(KinoraError) -> [UsageRow] {
    state.withLock { state in
      state.budgets.sorted { $0.key < $1.key }.map(\.value)
        .filter { row in (day == nil || row.day == day) }
    }
  }

  func evidence(_ id: JobID) async throws(KinoraError) -> [EvidenceRow] {
    state.withLock { $0.evidence[id] ?? [] }
  }

  func moneyDifferences() async throws(KinoraError) -> [String] { [] }
  func ping() async throws(KinoraError) {}
}
