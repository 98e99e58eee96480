import Foundation
import FoundationNetworking
import Glibc
import KinoraModel
import Synchronization

/// One exchange of Foundation's client. The answer is touched on the session's delegate queue only,
/// the rest is behind a lock.
final class NativeExchange: @unchecked Sendable {
  private struct State {
    var task: URLSessionTask?
    var waiter: CheckedContinuation<WireResult, Never>?
    var done: WireResult?
    var isLate = false
    var isEnded = false
  }
  let request: PreparedRequest
  private let answer: AnswerReader
  private let state = Mutex(State())
  private var hasHead = false
  private var isTooLarge = false
  private var hasGivenUp = false
  private var bodyFile: String?

  init(_ request: PreparedRequest) {
    self.request = request
    answer = AnswerReader(request.answer)
  }

  deinit { if let bodyFile { unlink(bodyFile) } }

  /// Writes the body to a file that lives as long as this. Before `begin`. It needs a name: Foundation
  /// takes the length of a symbolic link in `/proc` for the length of the file.
  func renderBody() throws(KinoraError) -> String {
    let path = request.answer.spoolPath()
    let file = FileWriter.create(path)
    guard file >= 0 else { throw KinoraError(.storeFailed, "a file for a body cannot be made") }
    defer { close(file) }
    bodyFile = path
    let reader = BodyReader(request.body)
    while let chunk = try reader.next() { try FileWriter.write(chunk, to: file) }
    return path
  }

  /// What came of it.
  var result: WireResult {
    get async {
      await withCheckedContinuation { waiter in
        let done: WireResult? = state.withLock { state in
          if state.done == nil { state.waiter = waiter }
          return state.done
        }
        if let done { waiter.resume(returning: done) }
      }
    }
  }

  func begin(_ task: URLSessionTask) {
    let isEnded = state.withLock { state in
      state.task = task
      return state.isEnded
    }
    task.resume()
    if isEnded { task.cancel() }
  }

  /// Ends it from outside, because it is late or nobody waits any more.
  func end(late: Bool) {
    let task = state.withLock { state in
      guard state.done == nil, !state.isEnded else { return nil as URLSessionTask? }
      state.isEnded = true
      state.isLate = late
      return state.task
    }
    task?.cancel()
  }

  // Delegate queue.

  /// Ends it from within. A cancel waits for the session's own thread, which may wait for this queue
  /// (see `DelegateQueue`) with every 16 KiB that come; so it is asked for beside the queue, and what
  /// still comes is heard and dropped.
  func giveUp() {
    guard !hasGivenUp else { return }
    hasGivenUp = true
    guard let task = state.withLock({ $0.task }) else { return }
    DispatchQueue.global().async { task.cancel() }
  }

  func head(_ response: URLResponse) {
    guard !hasHead, let response = response as? HTTPURLResponse, response.statusCode >= 200 else {
      return
    }
    hasHead = true
    let fields = response.allHeaderFields.compactMap {
      key, value -> (name: String, value: String)? in
      guard let key = key as? String, let value = value as? String else { return nil }
      return (key.lowercased(), value)
    }
    answer.head(response.statusCode, fields.sorted { $0.name < $1.name })
  }

  func take(_ data: Data) -> Bool {
    data.withUnsafeBytes { answer.take($0) }
  }

  /// False for a download that says beforehand that it is longer than allowed.
  func mayGrow(to bytes: Int64) -> Bool {
    isTooLarge = request.isDownload && bytes > request.answer.maxFile
    return !isTooLarge
  }

  func finish(_ code: URLError.Code?) {
    let (isLate, isEnded) = state.withLock { ($0.isLate, $0.isEnded) }
    var result = WireResult(outcome: .failure(error(code, isLate, isEnded)))
    result.receivedBytes = answer.received
    switch code {
    case .cannotFindHost?, .cannotConnectToHost?, .dnsLookupFailed?: result.sent = .no
    default: result.sent = .unknown
    }
    if let problem = answer.problem {
      result.outcome = .failure(problem)
    } else if code == nil, hasHead {
      do throws(KinoraError) {
        result.outcome = .success(try answer.finish())
        result.isHTML = answer.kind == .html
      } catch {
        result.outcome = .failure(error)
      }
    }
    if case .failure = result.outcome { answer.discard() }
    let waiter = state.withLock { state in
      state.done = result
      state.task = nil
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: result)
  }

  /// Foundation's own texts are not used: they hold the whole address.
  private func error(_ code: URLError.Code?, _ isLate: Bool, _ isEnded: Bool) -> KinoraError {
    let host = request.url.origin
    if isTooLarge { return CurlExit.error(CurlExit.tooLarge, request.url) }
    if isLate { return CurlExit.error(28, request.url) }
    if isEnded { return KinoraError(.cancelled, "the request was cancelled") }
    let what =
      switch code {
      case .cannotFindHost?, .dnsLookupFailed?: "the name cannot be resolved"
      case .cannotConnectToHost?: "no connection"
      case .timedOut?: "no answer in time"
      case .networkConnectionLost?: "the connection broke"
      case .secureConnectionFailed?: "TLS failed"
      case .serverCertificateUntrusted?, .serverCertificateHasBadDate?,
        .serverCertificateHasUnknownRoot?, .serverCertificateNotYetValid?:
        "the certificate is not trusted"
      case nil: "closed without an answer"
      case let code?: "URLSession error \(code.rawValue)"
      }
    return KinoraError(.providerUnavailable, "\(host): \(what)")
  }
}
