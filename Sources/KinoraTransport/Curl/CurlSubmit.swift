import KinoraLoop
import KinoraModel

/// Sends one paid request by a curl process of its own.
///
/// The program has no hook before the first byte, so the permit is asked before the process is
/// started: what fails until then was not sent, what fails later is only if curl's own timers prove
/// it.
struct CurlSubmit: Sendable {
  /// Processes of paid submits at once; more wait.
  static let most = 64

  private let runner: CurlRunner
  private let points: CrashPoints
  private let gate = Gate(CurlSubmit.most)

  init(_ runner: CurlRunner, points: CrashPoints) {
    self.runner = runner
    self.points = points
  }

  /// Runs to its end, also when the task is cancelled.
  func run(_ request: PreparedRequest, permit: Permit) async -> WireResult {
    await gate.enter()
    defer { gate.leave() }
    let prepared: CurlRunner.Prepared
    do throws(KinoraError) {
      prepared = try await runner.prepare([request])
    } catch {
      return with(permit: "not asked", .notSent(error))
    }
    points.pass(TransportPoint.beforePermit)
    guard await permit.ask() else {
      let error = KinoraError(.cancelled, "the permit was refused; nothing was sent")
      return with(permit: "refused", .notSent(error))
    }
    points.pass(TransportPoint.afterPermit)
    let child: ChildProcess
    do throws(KinoraError) {
      child = try runner.spawn(prepared)
    } catch {
      return with(permit: "granted", .notSent(error))
    }
    let result = await runner.finish(prepared, child).first
    guard let result else {
      return WireResult(outcome: .failure(KinoraError(.internalError, "curl gave no result")))
    }
    if case .success = result.outcome { points.pass(TransportPoint.response) }
    return with(permit: "granted", result)
  }

  private func with(permit: String, _ result: WireResult) -> WireResult {
    var result = result
    result.permit = permit
    return result
  }
}
