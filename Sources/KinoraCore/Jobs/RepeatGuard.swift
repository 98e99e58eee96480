import KinoraModel
import Synchronization

/// Keeps a request that a client sends twice from becoming two jobs.
///
/// With a key: the first makes the job, the others wait for it and get the same answer. Without a
/// key a request attaches to an equal job of the last ten minutes when that job's answer never
/// reached its client, or when the client marks the request as a repeat and the connection that
/// carried the answer has ended since. Each job absorbs one repeat, so two equal wishes stay two.
final class RepeatGuard: Sendable {
  private struct Recent {
    var job: JobID
    var at: Milliseconds
    var connection: UInt64
    var wasDelivered = false
    var hasEnded = false
  }
  private struct State {
    var underWay: [String: [CheckedContinuation<Void, Never>]] = [:]
    var recent: [String: [Recent]] = [:]
    var fingerprints: [JobID: String] = [:]
    var order: [(fingerprint: String, job: JobID, at: Milliseconds)] = []
    var oldest = 0
  }
  private let state = Mutex(State())
  private let clock: any Clock
  private let connectionIsOpen: @Sendable (UInt64) -> Bool
  private let started: Milliseconds

  init(clock: any Clock, connectionIsOpen: @escaping @Sendable (UInt64) -> Bool) {
    self.clock = clock
    self.connectionIsOpen = connectionIsOpen
    started = clock.now()
  }

  func guarding(
    _ submission: Submission, _ fingerprint: String, store: any JobStore,
    answer: (JobID) async throws(KinoraError) -> JobRecord,
    make: () async throws(KinoraError) -> JobRecord
  ) async throws(KinoraError) -> Accepted {
    guard let key = submission.key else {
      if let job = attach(fingerprint, submission) {
        return Accepted(record: try await answer(job), isAttached: true)
      }
      if submission.isMarkedRepeat || submission.answersAtEnd,
        let record = try await fromBefore(fingerprint, submission, store, answer)
      {
        return Accepted(record: record, isAttached: true)
      }
      let record = try await make()
      remember(record, fingerprint, submission.connection)
      return Accepted(record: record)
    }
    let name = "\(submission.viewer.client)\n\(key)"
    while !(await enter(name)) {}
    defer { leave(name) }
    if let known = try await store.idempotent(client: submission.viewer.client, key: key) {
      guard known.fingerprint == fingerprint else {
        throw KinoraError(
          .idempotencyConflict,
          "this Idempotency-Key belongs to \(known.job), which was asked for with other fields",
          field: "Idempotency-Key")
      }
      return Accepted(record: try await answer(known.job), isReplay: true)
    }
    return Accepted(record: try await make())
  }

  /// The answer about `job` was handed to the kernel whole, or its connection ended before.
  func delivered(_ job: JobID, whole: Bool) {
    guard whole else { return }
    state.withLock { state in
      guard let fingerprint = state.fingerprints[job],
        let at = state.recent[fingerprint]?.firstIndex(where: { $0.job == job })
      else { return }
      state.recent[fingerprint]?[at].wasDelivered = true
    }
  }

  // MARK: With a key

  /// True when nobody else works on this key; false after waiting for who did.
  private func enter(_ name: String) async -> Bool {
    await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
      let isFirst = state.withLock { state -> Bool in
        guard state.underWay[name] != nil else {
          state.underWay[name] = []
          return true
        }
        return false
      }
      if isFirst {
        continuation.resume(returning: true)
      } else {
        Task {
          await self.waitFor(name)
          continuation.resume(returning: false)
        }
      }
    }
  }

  private func waitFor(_ name: String) async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let isFree = state.withLock { state -> Bool in
        guard state.underWay[name] != nil else { return true }
        state.underWay[name]?.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  private func leave(_ name: String) {
    let waiting = state.withLock { $0.underWay.removeValue(forKey: name) } ?? []
    for continuation in waiting { continuation.resume() }
  }

  // MARK: Without a key

  private func attach(_ fingerprint: String, _ submission: Submission) -> JobID? {
    let now = clock.now()
    return state.withLock { state in
      expire(&state, now)
      guard let rows = state.recent[fingerprint] else { return nil }
      for (at, row) in rows.enumerated() {
        let isOpen = row.connection == submission.connection || connectionIsOpen(row.connection)
        guard !isOpen, !row.wasDelivered || submission.isMarkedRepeat else { continue }
        // Absorbed: the next equal request is a wish of its own.
        state.recent[fingerprint]?.remove(at: at)
        return row.job
      }
      return nil
    }
  }

  /// After a restart every old connection has ended; what was delivered is not known any more, so
  /// only a marked repeat attaches, and one whose answer cannot have left before the job was over.
  private func fromBefore(
    _ fingerprint: String, _ submission: Submission, _ store: any JobStore,
    _ answer: (JobID) async throws(KinoraError) -> JobRecord
  ) async throws(KinoraError) -> JobRecord? {
    guard clock.now() - started < Limits.attachLife else { return nil }
    let jobs = try await store.recent(
      client: submission.viewer.client, fingerprint: fingerprint,
      since: clock.now() - Limits.attachLife)
    for job in jobs where state.withLock({ $0.fingerprints[job] == nil }) {
      let record = try await answer(job)
      let wasOpen = (record.endedAt ?? .max) >= started
      guard submission.isMarkedRepeat || (record.door == submission.door && wasOpen) else {
        continue
      }
      let isMine = state.withLock { state in
        guard state.fingerprints[job] == nil else { return false }
        state.fingerprints[job] = fingerprint
        return true
      }
      if isMine { return record }
    }
    return nil
  }

  private func remember(_ record: JobRecord, _ fingerprint: String, _ connection: UInt64) {
    state.withLock { state in
      state.recent[fingerprint, default: []].append(
        Recent(job: record.id, at: record.createdAt, connection: connection))
      state.fingerprints[record.id] = fingerprint
      state.order.append((fingerprint, record.id, record.createdAt))
    }
  }

  private func expire(_ state: inout State, _ now: Milliseconds) {
    while state.oldest < state.order.count,
      now - state.order[state.oldest].at > Limits.attachLife
    {
      let (fingerprint, job, _) = state.order[state.oldest]
      state.oldest += 1
      state.fingerprints[job] = nil
      state.recent[fingerprint]?.removeAll { $0.job == job }
      if state.recent[fingerprint]?.isEmpty == true { state.recent[fingerprint] = nil }
    }
    if state.oldest > 4096 {
      state.order.removeFirst(state.oldest)
      state.oldest = 0
    }
  }
}
