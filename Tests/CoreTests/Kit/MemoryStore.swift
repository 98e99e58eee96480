import KinoraCore
import KinoraModel

/// A store that survives the daemon. Commits take time and are applied in the order they were made;
/// one that is under way when the daemon dies is lost, or done and never answered. It keeps books of
/// its own and writes down every rule that a change breaks.
final class MemoryStore: @unchecked Sendable {
  private(set) var records: [JobID: JobRecord] = [:]
  private(set) var order: [JobID] = []
  private(set) var log: [JobEvent] = []
  private(set) var keys: [String: (job: JobID, fingerprint: String)] = [:]
  private(set) var fingerprints: [(client: String, fingerprint: String, job: JobID)] = []
  private(set) var evidence: [JobID: [EvidenceRow]] = [:]
  private(set) var money = MemoryMoney()
  /// What was wrong.
  var violations: [String] = []

  var head: Int64 { log.last?.seq ?? 0 }

  /// One change, whole or not at all.
  func apply(_ change: StoreChange) throws(KinoraError) -> [JobEvent] {
    if let record = change.insert, let key = change.idempotencyKey {
      let name = "\(record.client)\n\(key)"
      if let known = keys[name] {
        throw KinoraError(.idempotencyConflict, known.job.rawValue)
      }
    }
    guard let record = change.insert ?? change.update else {
      if let id = change.delete { remove(id) }
      return []
    }
    if let move = change.money {
      try money.apply(move, record, &violations)
    }
    if change.insert != nil {
      if let key = change.idempotencyKey {
        keys["\(record.client)\n\(key)"] = (record.id, change.fingerprint ?? "")
      }
      fingerprints.append((record.client, change.fingerprint ?? "", record.id))
      order.append(record.id)
    } else if records[record.id] == nil {
      violations.append("\(record.id): an update of a job that is not there")
    }
    let events = number(change.events, record, from: records[record.id])
    records[record.id] = record
    evidence[record.id, default: []].append(contentsOf: change.evidence)
    return events
  }

  private func number(_ new: [StoreChange.NewEvent], _ record: JobRecord, from before: JobRecord?)
    -> [JobEvent]
  {
    var state = before?.state
    var number = before?.sequence ?? 0
    var made: [JobEvent] = []
    for event in new {
      number += 1
      if event.number != number {
        violations.append("\(record.id): event \(event.number) where \(number) was due")
      }
      let word = (try? JSON.parse(event.data))?["state"]?.string ?? ""
      guard let next = JobState(rawValue: word) else {
        violations.append("\(record.id): an event without a state")
        continue
      }
      if let state, state != next, !state.successors.contains(next) {
        violations.append("\(record.id): moved from \(state) to \(next)")
      }
      state = next
      let line = JobEvent(
        seq: head + 1, job: record.id, number: event.number, client: record.client, at: event.at,
        type: event.type, data: event.data)
      log.append(line)
      made.append(line)
    }
    if (state ?? record.state) != record.state {
      violations.append(
        "\(record.id): is \(record.state), its events say \(String(describing: state))")
    }
    return made
  }

  private func remove(_ id: JobID) {
    records[id] = nil
    order.removeAll { $0 == id }
    log.removeAll { $0.job == id }
  }

  func events(after: Int64, upTo: Int64, job: JobID?, client: String?, limit: Int) -> [JobEvent] {
    Array(
      log.lazy.filter { event in
        event.seq > after && event.seq <= upTo && (job == nil || event.job == job)
          && (client == nil || event.client == client)
      }.prefix(limit))
  }
}

/// The ledger: what is reserved and spent, by scope and day.
struct MemoryMoney {
  struct Hold {
    var day: String
    var amount: MicroUSD
    var scopes: [String]
    var settled: MicroUSD?
  }
  struct Sum: Equatable {
    var reserved = MicroUSD.zero
    var spent = MicroUSD.zero
  }
  private(set) var holds: [JobID: Hold] = [:]
  private(set) var sums: [String: Sum] = [:]

  mutating func apply(_ move: MoneyMove, _ record: JobRecord, _ violations: inout [String])
    throws(KinoraError)
  {
    switch move {
    case .reserve(let day, let amount, let scopes):
      for scope in scopes {
        let sum = sums["\(scope.name) \(day)"] ?? Sum()
        if let cap = scope.cap, sum.reserved + sum.spent + amount > cap {
          throw KinoraError(.budgetExceeded, "cap \(cap.dollars)", field: scope.name)
        }
      }
      for scope in scopes {
        let name = "\(scope.name) \(day)"
        var sum = sums[name] ?? Sum()
        sum.reserved = sum.reserved + amount
        sums[name] = sum
      }
      holds[record.id] = Hold(day: day, amount: amount, scopes: scopes.map(\.name))
    case .settle(let spent): book(spent, record, &violations)
    case .release: book(.zero, record, &violations)
    }
  }

  private mutating func book(_ spent: MicroUSD, _ record: JobRecord, _ violations: inout [String]) {
    guard let hold = holds[record.id] else {
      violations.append("\(record.id): settled without a reservation")
      return
    }
    guard hold.settled == nil else {
      violations.append("\(record.id): settled twice")
      return
    }
    holds[record.id]?.settled = spent
    for scope in hold.scopes {
      let name = "\(scope) \(hold.day)"
      var sum = sums[name] ?? Sum()
      sum.reserved = sum.reserved - hold.amount
      sum.spent = sum.spent + spent
      sums[name] = sum
    }
  }

  /// Where the ledger and the records do not agree.
  func differences(_ records: [JobRecord]) -> [String] {
    var wanted: [String: Sum] = [:]
    var found: [String] = []
    for record in records {
      guard let hold = holds[record.id] else {
        found.append("\(record.id): no reservation")
        continue
      }
      if record.settled != hold.settled {
        found.append(
          "\(record.id): settled \(String(describing: record.settled)), ledger \(String(describing: hold.settled))"
        )
      }
      if record.reserved != (hold.settled == nil ? hold.amount : .zero) {
        found.append(
          "\(record.id): reserved \(record.reserved.dollars), ledger \(hold.amount.dollars)")
      }
      for scope in hold.scopes {
        let name = "\(scope) \(hold.day)"
        var sum = wanted[name] ?? Sum()
        sum.reserved = sum.reserved + (hold.settled == nil ? hold.amount : .zero)
        sum.spent = sum.spent + (hold.settled ?? .zero)
        wanted[name] = sum
      }
    }
    for (name, sum) in sums where wanted[name] != sum {
      found.append("\(name): \(sum), jobs say \(String(describing: wanted[name]))")
    }
    return found
  }
}
