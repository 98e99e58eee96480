import CSys
import Glibc
import Synchronization

/// One thread that waits for descriptors and timers, and runs Swift tasks in between.
///
/// The loop is a `TaskExecutor`: `Task(executorPreference: loop) { … }` runs nonisolated async
/// code and default actors on its thread, which spares the hop to the global pool and back.
/// Whatever blocks there stops every connection, so disk, SQLite and long computations belong
/// elsewhere.
///
/// Sendable by confinement: what is marked "loop's thread" below is touched there only, the rest
/// is immutable, atomic or behind the inbox's lock.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
  /// Jobs and closures run in one turn before the descriptors are looked at again.
  public static let jobsPerTurn = 1024
  /// Nanoseconds of jobs and closures after which the descriptors have their turn all the same.
  static let workPerTurn: UInt64 = 2_000_000
  /// Readiness reports fetched by one epoll_wait.
  static let eventsPerTurn = 512

  /// The thread's name, as `top -H` shows it; the kernel keeps 15 bytes.
  public let name: String
  let epoll: Int32
  private let waker: Int32
  private let owner = Atomic<UInt>(0)
  private let inbox = Mutex(Inbox())

  // Loop's thread.
  var watches = WatchTable()
  var timers = TimerHeap()
  private var queue = WorkQueue()
  /// Monotonic nanoseconds, read once a turn. Loop's thread.
  public private(set) var now: UInt64 = EventLoop.clock()

  /// A loop that does not run yet; what is posted waits for `start`.
  public init(name: String) throws(SystemError) {
    self.name = name
    let epoll = try checked("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
    self.epoll = epoll
    let waker = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    guard waker >= 0 else {
      let error = SystemError("eventfd", errno: errno)
      close(epoll)
      throw error
    }
    self.waker = waker
    // Edge-triggered: every write is reported, so the counter never has to be read.
    _ = kn_epoll_add(epoll, waker, EPOLLIN.rawValue | EPOLLET.rawValue, UInt64.max)
  }

  deinit {
    close(epoll)
    close(waker)
  }

  /// Monotonic nanoseconds now.
  public static func clock() -> UInt64 {
    var t = timespec()
    clock_gettime(CLOCK_MONOTONIC, &t)
    return UInt64(t.tv_sec) * 1_000_000_000 + UInt64(t.tv_nsec)
  }

  /// True on the loop's own thread.
  public var isOnLoop: Bool { owner.load(ordering: .relaxed) == UInt(pthread_self()) }

  /// Runs `work` on the loop's thread, never at once: also from the loop it waits for the end of
  /// the turn. Dropped when the loop has ended.
  public func post(_ work: @escaping @Sendable () -> Void) { submit(.closure(work)) }

  /// Runs `work` on the loop's thread and gives its result.
  public func perform<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
    if isOnLoop { return work() }
    return await withCheckedContinuation { done in post { done.resume(returning: work()) } }
  }

  /// Takes a job of a task that prefers this loop. A job that comes after the loop's end goes to
  /// the global pool, so that its task still finishes.
  public func enqueue(_ job: consuming ExecutorJob) { submit(.job(UnownedJob(job))) }

  private func submit(_ work: LoopWork) {
    if isOnLoop { return queue.append(work) }
    let (wake, ended) = inbox.withLock { box in
      if box.ended { return (false, true) }
      box.works.append(work)
      defer { box.signalled = true }
      return (!box.signalled, false)
    }
    if wake { self.wake() }
    if ended, case .job(let job) = work { globalConcurrentExecutor.enqueue(ExecutorJob(job)) }
  }

  private func wake() {
    var one: UInt64 = 1
    _ = write(waker, &one, 8)
  }

  /// Makes the thread. A second call does nothing.
  public func start() throws(SystemError) {
    let first = inbox.withLock { box in
      defer { box.started = true }
      return !box.started
    }
    guard first else { return }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(self)
    let failed = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, box.toOpaque())
    if failed != 0 {
      box.release()
      inbox.withLock { $0.started = false }
      throw SystemError("pthread_create", errno: failed)
    }
    pthread_detach(thread)
  }

  /// Ends the thread once all that was posted has run, and waits for that. Watches and timers are
  /// dropped, descriptors stay open.
  public func stop() async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      let (now, wake) = inbox.withLock { box in
        if box.ended || !box.started {
          box.ended = true
          return (true, false)
        }
        box.stopping = true
        box.waiters.append(done)
        return (false, true)
      }
      if now { done.resume() }
      if wake { self.wake() }
    }
  }

  private func run() {
    owner.store(UInt(pthread_self()), ordering: .relaxed)
    _ = kn_thread_name(String(name.prefix(15)))
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Self.eventsPerTurn)
    defer { events.deallocate() }
    while true {
      let count = epoll_wait(epoll, events, Int32(Self.eventsPerTurn), patience())
      now = Self.clock()
      for i in 0..<max(0, Int(count)) {
        // A handler before this one may have ended this watch: then the token is stale.
        if let handler = watches.handler(kn_epoll_data(events + i)) {
          handler.ready(Readiness(rawValue: events[i].events))
        }
      }
      while let work = timers.pop(now: now) { work() }
      let stopping = takeInbox()
      work()
      if stopping, queue.isEmpty, finish() { return }
    }
  }

  /// Runs what is queued, within the turn's budgets. What queues itself again and again, such as a
  /// large file that gives way, thereby leaves the thread to others.
  private func work() {
    var budget = Self.jobsPerTurn
    let end = now + Self.workPerTurn
    while budget > 0, let work = queue.next() {
      budget -= 1
      switch work {
      case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
      case .closure(let closure): closure()
      }
      if budget % 8 == 0, Self.clock() > end { return }
    }
  }

  private func takeInbox() -> Bool {
    let (works, stopping) = inbox.withLock { box in
      box.signalled = false
      let works = box.works
      box.works = []
      return (works, box.stopping)
    }
    if !works.isEmpty { queue.append(contentsOf: works) }
    return stopping
  }

  /// False when something arrived meanwhile.
  private func finish() -> Bool {
    let waiters: [CheckedContinuation<Void, Never>]? = inbox.withLock { box in
      guard box.works.isEmpty else { return nil }
      box.ended = true
      defer { box.waiters = [] }
      return box.waiters
    }
    guard let waiters else { return false }
    watches = WatchTable()
    timers = TimerHeap()
    owner.store(0, ordering: .relaxed)
    for waiter in waiters { waiter.resume() }
    return true
  }

  /// epoll_wait's timeout in milliseconds, rounded up so that a timer is due when it returns.
  private func patience() -> Int32 {
    if !queue.isEmpty { return 0 }
    guard let next = timers.next else { return -1 }
    let present = Self.clock()
    if next <= present { return 0 }
    return Int32(min((next - present + 999_999) / 1_000_000, 86_400_000))
  }
}
