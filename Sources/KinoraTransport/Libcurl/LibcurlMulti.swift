import CCurl
import KinoraModel
import Synchronization

/// Sends repeatable requests with libcurl's multi interface on one thread: pooled connections,
/// HTTP/2 where the server speaks it, a bounded number at once for each host.
///
/// Sendable by confinement: what follows "thread" is touched on its thread only.
final class LibcurlMulti: @unchecked Sendable {
  /// Transfers at once to one host. A poll takes milliseconds, so ten thousand of them pass through
  /// few connections.
  static let perLane = 32
  /// Transfers at once in all.
  static let most = 256
  /// Easy handles kept for the next request; making one costs as much as a poll.
  static let spareHandles = 64

  private struct Inbox {
    var added: [MultiJob] = []
    var hasCancelled = false
    var isStopping = false
    var isStarted = false
    var hasEnded = false
  }
  private let multi: UnsafeMutableRawPointer
  private let inbox = Mutex(Inbox())

  // Thread.
  private var lanes = MultiLanes()
  private var active: [UnsafeMutableRawPointer: MultiJob] = [:]
  private var spare: [UnsafeMutableRawPointer] = []

  init() throws(KinoraError) {
    guard CurlLibrary.isReady, let multi = curl_multi_init() else {
      throw KinoraError(.unavailable, "libcurl cannot be set up")
    }
    self.multi = multi
    kn_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, Self.perLane)
    kn_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
    kn_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
  }

  deinit { curl_multi_cleanup(multi) }

  /// Runs one exchange. A cancelled task ends it at once.
  func run(_ request: PreparedRequest) async -> WireResult {
    let job = MultiJob(request)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { done in
        job.done = done
        submit { $0.added.append(job) }
      }
    } onCancel: {
      job.isCancelled.store(true, ordering: .relaxed)
      submit { $0.hasCancelled = true }
    }
  }

  /// Ends everything that runs and then the thread.
  func stop() { submit { $0.isStopping = true } }

  private func submit(_ change: (inout Inbox) -> Void) {
    let (starts, hasEnded) = inbox.withLock { box in
      change(&box)
      defer { box.isStarted = true }
      return (!box.isStarted, box.hasEnded)
    }
    if hasEnded {
      failAll("libcurl's thread has ended")
    } else if starts {
      // Without a thread nobody would ever answer; the next request tries again.
      guard PlainThread.start("kinora-libcurl", { self.loop() }) else {
        return failAll("no thread for libcurl can be had")
      }
    } else {
      curl_multi_wakeup(multi)
    }
  }

  private func failAll(_ why: String) {
    let jobs = inbox.withLock { box in
      box.isStarted = box.hasEnded
      defer { box.added = [] }
      return box.added
    }
    for job in jobs {
      job.finish(.notSent(KinoraError(.unavailable, why)))
    }
  }

  private func loop() {
    while true {
      let isStopping = takeInbox()
      fill()
      var running: Int32 = 0
      curl_multi_perform(multi, &running)
      var code = CURLE_OK
      while let handle = kn_curl_multi_done(multi, &code) { finish(handle, code) }
      if isStopping, active.isEmpty { break }
      if lanes.hasReady, active.count < Self.most { continue }
      curl_multi_poll(multi, nil, 0, 1000, nil)
    }
    for handle in spare { curl_easy_cleanup(handle) }
    spare = []
    inbox.withLock { $0.hasEnded = true }
    failAll("libcurl's thread has ended")
  }

  private func takeInbox() -> Bool {
    let box = inbox.withLock { box in
      defer {
        box.added = []
        box.hasCancelled = false
      }
      return box
    }
    for job in box.added { lanes.add(job) }
    if box.hasCancelled || box.isStopping {
      for (handle, job) in active where box.isStopping || job.isDead {
        release(handle, job)
        job.finish(WireResult(outcome: .failure(MultiJob.cancelled), sent: .unknown))
      }
      for job in lanes.remove(where: { box.isStopping || $0.isDead }) {
        job.finish(.notSent(MultiJob.cancelled))
      }
    }
    return box.isStopping
  }

  private func fill() {
    while active.count < Self.most, let job = lanes.next(limit: Self.perLane) {
      if job.isDead {
        lanes.left(job.lane)
        job.finish(.notSent(MultiJob.cancelled))
        continue
      }
      guard let handle = spare.popLast() ?? curl_easy_init() else {
        lanes.left(job.lane)
        job.finish(.notSent(KinoraError(.unavailable, "libcurl has no handle left")))
        continue
      }
      let transfer = CurlTransfer(handle, job.request)
      transfer.prepare(paid: false)
      job.transfer = transfer
      active[handle] = job
      curl_multi_add_handle(multi, handle)
    }
  }

  private func finish(_ handle: UnsafeMutableRawPointer, _ code: CURLcode) {
    guard let job = active[handle], let transfer = job.transfer else { return }
    let result = transfer.result(code)
    release(handle, job)
    job.finish(result)
  }

  private func release(_ handle: UnsafeMutableRawPointer, _ job: MultiJob) {
    active[handle] = nil
    curl_multi_remove_handle(multi, handle)
    lanes.left(job.lane)
    if spare.count < Self.spareHandles {
      curl_easy_reset(handle)
      spare.append(handle)
    } else {
      curl_easy_cleanup(handle)
    }
  }
}
