import KinoraModel
import Synchronization

/// All jobs of all providers, in memory and in `jobs.jsonl`.
final class JobBook: Sendable {
  private struct State {
    var order: [String] = []
    var jobs: [String: Job] = [:]
    /// Jobs made under one tag or key, by `provider tag`.
    var byTag: [String: [String]] = [:]
    var byKey: [String: String] = [:]
  }

  private let journal: Journal
  private let state = Mutex(State())

  /// Makes the jobs of earlier runs again.
  init(journal: Journal, past: [JSON]) {
    self.journal = journal
    for line in past { replay(line) }
  }

  /// How many there are.
  var count: Int { state.withLock { $0.order.count } }

  /// All, oldest first.
  var all: [Job] { state.withLock { state in state.order.compactMap { state.jobs[$0] } } }

  subscript(id: String) -> Job? { state.withLock { $0.jobs[id] } }

  /// Jobs of a provider that were made with this tag.
  func tagged(_ tag: String, provider: String) -> [Job] {
    state.withLock { state in
      (state.byTag["\(provider) \(tag)"] ?? []).compactMap { state.jobs[$0] }
    }
  }

  /// Adds a job, or gives the one that its key stands for. The ticket is the journal's.
  func create(_ job: Job) -> (job: Job, isNew: Bool, ticket: Int) {
    state.withLock { state in
      if let key = job.key, let id = state.byKey["\(job.provider) \(key)"],
        var earlier = state.jobs[id]
      {
        earlier.repeats += 1
        state.jobs[id] = earlier
        return (earlier, false, note("repeat", id, true))
      }
      Self.add(job, to: &state)
      return (job, true, journal.append(.jobs, JSON.object([JSONMember("job", job.json)]).bytes))
    }
  }

  /// Cancels a job; nil when there is none of that id.
  func cancel(_ id: String, at: Milliseconds) -> Int? {
    change(id) { job in
      if job.cancelled == nil { job.cancelled = at }
      return note("cancel", id, JSON(at))
    }
  }

  /// Deletes a job's face; the record stays.
  func delete(_ id: String) -> Int? {
    change(id) { job in
      job.deleted = true
      return note("delete", id, true)
    }
  }

  /// Counts a download.
  @discardableResult
  func downloaded(_ id: String) -> Int? {
    change(id) { job in
      job.downloads += 1
      return note("download", id, true)
    }
  }

  /// Dooms a job.
  @discardableResult
  func doom(_ id: String, _ outcome: Fault) -> Int? {
    change(id) { job in
      job.outcomes.append(outcome)
      return note("outcome", id, .string(outcome.rawValue))
    }
  }

  /// Forgets all; the files are emptied by the journal.
  func clear() { state.withLock { $0 = State() } }

  private func change(_ id: String, _ body: (inout Job) -> Int) -> Int? {
    state.withLock { state in
      guard var job = state.jobs[id] else { return nil }
      let ticket = body(&job)
      state.jobs[id] = job
      return ticket
    }
  }

  private func note(_ what: String, _ id: String, _ value: JSON) -> Int {
    let line: JSON = ["id": .string(id)]
    return journal.append(.jobs, line.setting(what, value).bytes)
  }

  private func replay(_ json: JSON) {
    if let job = json["job"].flatMap(Job.init) {
      return state.withLock { Self.add(job, to: &$0) }
    }
    guard let id = json["id"]?.string else { return }
    state.withLock { state in
      guard var job = state.jobs[id] else { return }
      if let at = json["cancel"]?.integer { job.cancelled = at }
      if json["download"] != nil { job.downloads += 1 }
      if json["delete"] != nil { job.deleted = true }
      if json["repeat"] != nil { job.repeats += 1 }
      if let fault = json["outcome"]?.string.flatMap(Fault.init) { job.outcomes.append(fault) }
      state.jobs[id] = job
    }
  }

  private static func add(_ job: Job, to state: inout State) {
    state.order.append(job.id)
    state.jobs[job.id] = job
    if let tag = job.tag { state.byTag["\(job.provider) \(tag)", default: []].append(job.id) }
    if let key = job.key { state.byKey["\(job.provider) \(key)"] = job.id }
  }
}
