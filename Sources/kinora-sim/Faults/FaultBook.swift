import KinoraModel
import Synchronization

/// A fault that strikes one request.
struct Strike: Sendable {
  var fault: Fault
  /// The rule's own measure, for faults that have one.
  var seconds: Int64?
}

/// Which faults are ordered, and which of those that prompts name were already had.
final class FaultBook: Sendable {
  private struct State {
    var rules: [FaultRule] = []
    var had: Set<String> = []
  }

  private let journal: Journal
  private let state = Mutex(State())

  /// Takes up where an earlier run ended.
  init(journal: Journal, past: [JSON]) {
    self.journal = journal
    state.withLock { state in
      for line in past {
        if let had = line["had"]?.string { state.had.insert(had) }
        if let rules = line["rules"]?.array {
          state.rules = rules.compactMap { try? FaultRule($0) }
        }
      }
    }
  }

  /// The orders as they stand.
  var rules: [FaultRule] { state.withLock { $0.rules } }

  /// Orders a fault.
  func add(_ rule: FaultRule) async {
    let ticket = state.withLock { state in
      state.rules.append(rule)
      return save(state.rules)
    }
    await journal.durable(ticket)
  }

  /// Takes all orders back.
  func clear() async {
    let ticket = state.withLock { state in
      state.rules = []
      return save([])
    }
    await journal.durable(ticket)
  }

  /// As `clear`, and every prompt strikes again. The file is emptied by the journal.
  func forget() { state.withLock { $0 = State() } }

  /// What strikes this request, if anything: what its prompt or model names, then the rules.
  func strike(_ route: Route, provider: String, path: String) -> Strike? {
    let (subject, phase) = (route.subject, route.phase)
    return state.withLock { state in
      for marker in Marker.all(in: subject.prompt + subject.model)
      where marker.fault.moment != .outcome && phase == marker.phase ?? marker.fault.usualPhase {
        if marker.fault.isLasting { return Strike(fault: marker.fault) }
        let name = "\(provider) \(phase.rawValue) \(marker.fault.rawValue) \(subject.identity)"
        if state.had.insert(name).inserted {
          journal.append(.jobs, JSON.object([JSONMember("had", .string(name))]).bytes)
          return Strike(fault: marker.fault)
        }
      }
      return take(&state) { rule in
        rule.fault.moment != .outcome
          && rule.fits(subject, provider: provider, phase: phase, path: path)
      }
    }
  }

  /// What a new job is doomed to.
  func outcomes(of subject: Route.Subject, provider: String) -> [Fault] {
    let named = Marker.all(in: subject.prompt + subject.model).map(\.fault)
      .filter { $0.moment == .outcome }
    return named + ordered(subject, provider)
  }

  /// What a job is doomed to that lives already.
  func ordered(_ subject: Route.Subject, _ provider: String) -> [Fault] {
    state.withLock { state in
      take(&state) { rule in
        rule.fault.moment == .outcome
          && rule.fits(subject, provider: provider, phase: .submit, path: "")
      }.map { [$0.fault] } ?? []
    }
  }

  private func take(_ state: inout State, where fits: (FaultRule) -> Bool) -> Strike? {
    for at in state.rules.indices where fits(state.rules[at]) {
      defer { _ = save(state.rules) }
      if state.rules[at].after > 0 {
        state.rules[at].after -= 1
        continue
      }
      let strike = Strike(fault: state.rules[at].fault, seconds: state.rules[at].seconds)
      state.rules[at].times -= 1
      if state.rules[at].times == 0 { state.rules.remove(at: at) }
      return strike
    }
    return nil
  }

  private func save(_ rules: [FaultRule]) -> Int {
    journal.append(.jobs, JSON.object([JSONMember("rules", .array(rules.map(\.json)))]).bytes)
  }
}
