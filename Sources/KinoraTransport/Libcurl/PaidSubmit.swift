import CCurl
import KinoraModel

/// Sends one paid request with libcurl: a connection of its own, a thread of its own, and a permit
/// that is asked for when the connection stands and before the first byte of the request.
///
/// A pooled connection that dies makes libcurl send a POST again by itself; a fresh one does not. The
/// thread is its own because the hook blocks: on a shared one it would make other submits miss their
/// answers.
struct PaidSubmit: Sendable {
  /// Submits that may be on the way at once; more wait.
  static let most = 256
  /// The longest that the durable write of a permit may take, milliseconds.
  static let permitPatience: Int64 = 120_000

  private let gate = Gate(PaidSubmit.most)
  private let points: CrashPoints

  init(points: CrashPoints) { self.points = points }

  /// Runs to its end, also when the task is cancelled.
  func run(_ request: PreparedRequest, permit: Permit) async -> WireResult {
    await gate.enter()
    defer { gate.leave() }
    return await withCheckedContinuation { done in
      let isStarted = PlainThread.start("kinora-submit") { [points] in
        done.resume(returning: Self.perform(request, permit, points))
      }
      if !isStarted {
        done.resume(
          returning: .notSent(KinoraError(.unavailable, "no thread for a submit can be had")))
      }
    }
  }

  private static func perform(
    _ request: PreparedRequest, _ permit: Permit, _ points: CrashPoints
  ) -> WireResult {
    guard CurlLibrary.isReady, let handle = curl_easy_init() else {
      return .notSent(KinoraError(.unavailable, "libcurl cannot be set up"))
    }
    defer { curl_easy_cleanup(handle) }
    let transfer = CurlTransfer(handle, request)
    // The time for the provider runs from the permit: a slow disk must not eat it.
    transfer.deadline =
      SteadyTime.now() + request.timeout + PreparedRequest.connectTimeout + permitPatience
    var granted: Bool?
    transfer.beforeRequest = { [unowned transfer] in
      // Called again when a connection died or a server refused the stream: the first sending may
      // have been read, so there is no second.
      guard granted == nil else { return false }
      points.pass(TransportPoint.beforePermit)
      let isGranted = Rendezvous<Bool>.wait(for: permit.ask) ?? false
      granted = isGranted
      transfer.deadline = SteadyTime.now() + request.timeout
      if isGranted { points.pass(TransportPoint.afterPermit) }
      return isGranted
    }
    transfer.prepare(paid: true)
    let code = curl_easy_perform(handle)
    transfer.beforeRequest = nil
    var result = transfer.result(code)
    // Stricter than the timings: libcurl sets time_pretransfer only after its first send returned.
    result.sent = granted == true ? .unknown : .no
    result.permit = granted.map { $0 ? "granted" : "refused" } ?? "not asked"
    if granted == false {
      result.outcome = .failure(
        KinoraError(.cancelled, "the permit was refused; nothing was sent"))
    }
    if case .success = result.outcome { points.pass(TransportPoint.response) }
    return result
  }
}
