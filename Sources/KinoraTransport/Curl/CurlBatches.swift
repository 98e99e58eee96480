import Glibc
import KinoraLoop
import KinoraModel
import Synchronization

/// Collects repeatable requests of one host for a moment and lets them share a curl process.
final class CurlBatches: Wire {
  /// Processes at once; more batches wait.
  static let mostProcesses = 8

  private struct Key: Hashable {
    let origin: String
    let network: NetworkRules
    /// A download may take minutes; nobody waits behind it.
    let isDownload: Bool
  }
  private struct State {
    var waiting: [Key: [CurlBatchJob]] = [:]
    var running: [ObjectIdentifier: ChildProcess] = [:]
    /// Processes of a key, those that wait for their turn among them.
    var batches: [Key: Int] = [:]
    var window: CurlWindow
    var isStopping = false

    /// How long the first of a batch waits for the others; nil for those.
    mutating func add(_ job: CurlBatchJob, _ key: Key) -> Duration? {
      let now = SteadyTime.now()
      if !key.isDownload { window.note(job.request.url.text, at: now) }
      waiting[key, default: []].append(job)
      guard waiting[key]?.count == 1 else { return nil }
      return key.isDownload ? window.download(beside: batches[key] ?? 0, at: now) : window.poll
    }

    mutating func ended(_ key: Key) {
      batches[key] = batches[key].flatMap { $0 > 1 ? $0 - 1 : nil }
    }
  }
  private let runner: CurlRunner
  private let gate = Gate(CurlBatches.mostProcesses)
  private let state: Mutex<State>

  init(_ runner: CurlRunner, window: Duration) {
    self.runner = runner
    state = Mutex(State(window: CurlWindow(poll: window)))
  }

  func run(_ request: PreparedRequest) async -> WireResult {
    let job = CurlBatchJob(request)
    let key = Key(
      origin: request.url.origin, network: request.network, isDownload: request.isDownload)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { done in
        job.wait(done)
        let (window, isStopping) = state.withLock { state in
          state.isStopping ? (nil, true) : (state.add(job, key), false)
        }
        if isStopping { job.finish(.notSent(CurlBatchJob.cancelled)) }
        if let window {
          Task.detached {
            try? await Task.sleep(for: window)
            await self.flush(key)
          }
        }
      }
    } onCancel: {
      job.cancel()
    }
  }

  /// Ends all processes; what waits is cancelled.
  func stop() {
    let (jobs, children) = state.withLock { state in
      state.isStopping = true
      defer { state.waiting = [:] }
      return (state.waiting.values.flatMap { $0 }, Array(state.running.values))
    }
    for job in jobs { job.cancel() }
    for child in children { child.kill(SIGKILL) }
  }

  private func flush(_ key: Key) async {
    let jobs = state.withLock { $0.waiting.removeValue(forKey: key) ?? [] }
    await withTaskGroup { group in
      for start in stride(from: 0, to: jobs.count, by: CurlRunner.mostTransfers) {
        let batch = Array(jobs[start..<min(start + CurlRunner.mostTransfers, jobs.count)])
        group.addTask {
          self.state.withLock { $0.batches[key, default: 0] += 1 }
          await self.perform(batch)
          self.state.withLock { $0.ended(key) }
        }
      }
    }
  }

  private func perform(_ batch: [CurlBatchJob]) async {
    await gate.enter()
    defer { gate.leave() }
    let jobs = batch.filter { !$0.isOver }
    guard !jobs.isEmpty else { return }
    do throws(KinoraError) {
      let prepared = try await runner.prepare(jobs.map(\.request))
      let child = try runner.spawn(prepared) { jobs[$0].finish($1) }
      let isStopping = state.withLock { state in
        state.running[ObjectIdentifier(child)] = child
        return state.isStopping
      }
      if isStopping { child.kill(SIGKILL) }
      for (job, task) in zip(jobs, prepared.tasks) {
        job.began(task, runner.loop) {
          // The last one that leaves takes the process with it.
          if jobs.allSatisfy(\.isOver) { child.kill(SIGKILL) }
        }
      }
      let results = await runner.finish(prepared, child)
      state.withLock { $0.running[ObjectIdentifier(child)] = nil }
      for (job, result) in zip(jobs, results) { job.finish(result) }
    } catch {
      for job in jobs { job.finish(.notSent(error)) }
    }
  }
}

/// One request in a batch: answered once, by its result or by its cancelling.
final class CurlBatchJob: Sendable {
  private struct State {
    var done: CheckedContinuation<WireResult, Never>?
    var isCancelled = false
    var isOver = false
    var whenCancelled: (@Sendable () -> Void)?
  }
  let request: PreparedRequest
  private let state = Mutex(State())
  static let cancelled = KinoraError(.cancelled, "the request was cancelled")

  init(_ request: PreparedRequest) { self.request = request }

  var isOver: Bool { state.withLock { $0.isOver || $0.isCancelled } }

  func wait(_ done: CheckedContinuation<WireResult, Never>) {
    let isCancelled = state.withLock { state in
      state.done = done
      return state.isCancelled
    }
    if isCancelled { finish(.notSent(Self.cancelled)) }
  }

  func began(
    _ task: CurlTask, _ loop: EventLoop, _ whenCancelled: @escaping @Sendable () -> Void
  ) {
    let stop: @Sendable () -> Void = {
      loop.post { task.abandon() }
      whenCancelled()
    }
    let isCancelled = state.withLock { state in
      if !state.isCancelled, !state.isOver { state.whenCancelled = stop }
      return state.isCancelled
    }
    if isCancelled { stop() }
  }

  func cancel() {
    let stop = state.withLock { state in
      state.isCancelled = true
      defer { state.whenCancelled = nil }
      return state.whenCancelled
    }
    finish(WireResult(outcome: .failure(Self.cancelled), sent: .unknown))
    stop?()
  }

  func finish(_ result: WireResult) {
    let done = state.withLock { state in
      // It holds its batch and their descriptors, and so itself.
      state.whenCancelled = nil
      guard let done = state.done else { return nil as CheckedContinuation<WireResult, Never>? }
      state.isOver = true
      state.done = nil
      return done
    }
    done?.resume(returning: result)
  }
}
