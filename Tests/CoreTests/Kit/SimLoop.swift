import Glibc
import KinoraModel

/// A whole concurrent world on one thread, under virtual time, in an order that a seed decides.
///
/// While a loop runs, every job that the Swift runtime would give to its thread pool comes here by the
/// runtime's own hook (`swift_task_enqueueGlobal_hook`, told apart by thread). One job runs at a
/// time, picked by the seed; when none is left the clock jumps to the next timer. The same seed gives
/// the same run. `Task.yield` and `Task.sleep` do not pass the hook and may not be used inside.
final class SimLoop: @unchecked Sendable {
  private struct Timer {
    var at: Milliseconds
    var number: Int
    var fire: () -> Void
  }

  /// Virtual milliseconds since the start.
  private(set) var now: Milliseconds = 0
  /// Jobs that ran.
  private(set) var steps = 0
  /// A hash over every choice that was made: equal for equal runs.
  private(set) var trace: UInt64 = 14_695_981_039_346_656_037
  var random: SeededRandom
  private var jobs: [UnownedJob] = []
  private var timers: [Int: Timer] = [:]
  private var timerCount = 0

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// Runs `body` to its end on the calling thread, which must be its own. Nil when everything waits
  /// for ever, or after `most` steps.
  static func run<R: Sendable>(
    seed: UInt64, most: Int = 1_000_000, _ body: @escaping @Sendable (SimLoop) async -> R
  ) -> R? {
    SimHook.install()
    let loop = SimLoop(seed: seed)
    SimHook.enter(loop)
    defer { SimHook.leave() }
    let result = Box<R?>(nil)
    Task { result.value = await body(loop) }
    while result.value == nil, loop.steps < most, loop.turn() {}
    return result.value
  }

  /// The same on a thread of its own, so that no thread of the test pool is blocked.
  static func run<R: Sendable>(
    seed: UInt64, _ body: @escaping @Sendable (SimLoop) async -> R
  ) async -> R? {
    await onThread { run(seed: seed, most: 1_000_000, body) }
  }

  /// Runs `body` on a new thread.
  static func onThread<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
      let work = Box<() -> Void> { continuation.resume(returning: body()) }
      var thread = pthread_t()
      let made = pthread_create(
        &thread, nil,
        { raw in
          guard let raw else { return nil }
          Unmanaged<Box<() -> Void>>.fromOpaque(raw).takeRetainedValue().value()
          return nil
        }, Unmanaged.passRetained(work).toOpaque())
      precondition(made == 0)
      pthread_detach(thread)
    }
  }

  func add(_ job: UnownedJob) { jobs.append(job) }

  /// Calls `fire` at a moment; timers of one moment fire in the order in which they were set.
  @discardableResult
  func at(_ moment: Milliseconds, _ fire: @escaping () -> Void) -> Int {
    timerCount += 1
    timers[timerCount] = Timer(at: max(moment, now), number: timerCount, fire: fire)
    return timerCount
  }

  /// Fires a timer now, if it has not fired yet.
  func hurry(_ number: Int) { timers.removeValue(forKey: number)?.fire() }

  /// Suspends for a virtual time.
  func sleep(_ milliseconds: Milliseconds) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      at(now + milliseconds) { continuation.resume() }
    }
  }

  /// One job, or one timer. False when there is neither.
  private func turn() -> Bool {
    guard jobs.isEmpty else {
      let at = random.below(jobs.count)
      trace = (trace ^ UInt64(at + jobs.count << 16)) &* 1_099_511_628_211
      jobs.swapAt(at, jobs.count - 1)
      steps += 1
      jobs.removeLast().runSynchronously(on: SimHook.executor)
      return true
    }
    guard let next = timers.values.min(by: { ($0.at, $0.number) < ($1.at, $1.number) }) else {
      return false
    }
    timers[next.number] = nil
    now = max(now, next.at)
    trace = (trace ^ UInt64(now)) &* 1_099_511_628_211
    next.fire()
    return true
  }
}

/// A reference around a value.
final class Box<T>: @unchecked Sendable {
  var value: T
  init(_ value: T) { self.value = value }
}

/// The runtime's hook, set once for the process. Threads without a loop are not touched by it.
enum SimHook {
  private typealias Original = @convention(thin) (UnownedJob) -> Void
  private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

  private final class Executor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) { SimHook.loop?.add(UnownedJob(job)) }
  }
  private static let shared = Executor()
  static var executor: UnownedTaskExecutor { shared.asUnownedTaskExecutor() }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    let hook = dlsym(nil, "swift_task_enqueueGlobal_hook")
    hook?.assumingMemoryBound(to: Optional<Hook>.self).pointee = { job, original in
      if let loop = SimHook.loop { loop.add(job) } else { original(job) }
    }
    return key
  }()

  private static var loop: SimLoop? {
    pthread_getspecific(key).map { Unmanaged<SimLoop>.fromOpaque($0).takeUnretainedValue() }
  }

  static func install() { _ = key }
  static func enter(_ loop: SimLoop) {
    pthread_setspecific(key, Unmanaged.passUnretained(loop).toOpaque())
  }
  static func leave() { pthread_setspecific(key, nil) }
}
