import Foundation
import FoundationNetworking
import KinoraModel
import Synchronization

/// Sends repeatable requests with Foundation's own client.
///
/// On Linux it honours no total time limit, holds back no fast sender, and keeps a little memory for
/// every request; so the deadline, the size cap and the regular new session are ours. It is never
/// used for paid requests: a pooled connection that dies makes it send a POST twice.
final class URLSessionWire: Wire {
  /// Requests after which a session is replaced: each leaves about 200 bytes behind.
  static let requestsPerSession = 10_000
  /// Connections to one host. Foundation's default of 6 would let six slow answers block all.
  static let connectionsPerHost = 32

  private struct State {
    var session: URLSession?
    var delegate: NativeDelegate?
    var count = 0
    var isStopped = false
  }
  private let state = Mutex(State())

  func run(_ request: PreparedRequest) async -> WireResult {
    let exchange = NativeExchange(request)
    let started = SteadyTime.now()
    do throws(KinoraError) {
      try start(exchange)
    } catch {
      return .notSent(error)
    }
    let deadline = Task {
      try await Task.sleep(for: .milliseconds(request.timeout))
      exchange.end(late: true)
    }
    var result = await withTaskCancellationHandler {
      await exchange.result
    } onCancel: {
      exchange.end(late: false)
    }
    deadline.cancel()
    result.milliseconds = SteadyTime.now() - started
    return result
  }

  /// Cancels everything that runs.
  func stop() {
    let session = state.withLock { state in
      state.isStopped = true
      defer { state.session = nil }
      return state.session
    }
    session?.invalidateAndCancel()
  }

  private func start(_ exchange: NativeExchange) throws(KinoraError) {
    guard let url = URL(string: exchange.request.url.text) else {
      throw KinoraError(.urlRefused, "\(exchange.request.url.origin): not an address to Foundation")
    }
    var request = URLRequest(url: url)
    request.httpMethod = exchange.request.method
    for (name, value) in exchange.request.fields {
      request.addValue(value, forHTTPHeaderField: name)
    }
    // An idle limit, as Foundation counts it; the whole exchange has its own.
    let stall = Int64(PreparedRequest.stallSeconds) * 1000
    request.timeoutInterval =
      Double(
        exchange.request.isDownload
          ? min(stall, exchange.request.timeout) : exchange.request.timeout + 5000) / 1000
    let body = exchange.request.body
    var file: String?
    if body.length > BodyRenderer.memoryBytes {
      file = try exchange.renderBody()
    } else if exchange.request.sendsBody {
      request.httpBody = Data(try body.bytes())
    }
    let (session, delegate) = try session()
    let task: URLSessionTask =
      if let file {
        session.uploadTask(with: request, fromFile: URL(fileURLWithPath: file))
      } else if exchange.request.isDownload {
        session.downloadTask(with: request)
      } else {
        session.dataTask(with: request)
      }
    delegate.add(task, exchange)
    exchange.begin(task)
  }

  private func session() throws(KinoraError) -> (URLSession, NativeDelegate) {
    let found: (URLSession, NativeDelegate)? = state.withLock { state in
      guard !state.isStopped else { return nil }
      state.count += 1
      if state.count > Self.requestsPerSession {
        state.session?.finishTasksAndInvalidate()
        state.session = nil
        state.count = 1
      }
      if let session = state.session, let delegate = state.delegate { return (session, delegate) }
      let delegate = NativeDelegate()
      let session = URLSession(
        configuration: Self.configuration(), delegate: delegate, delegateQueue: delegate.queue)
      (state.session, state.delegate) = (session, delegate)
      return (session, delegate)
    }
    guard let found else { throw KinoraError(.draining, "the transports were shut down") }
    return found
  }

  private static func configuration() -> URLSessionConfiguration {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpCookieStorage = nil
    configuration.httpShouldSetCookies = false
    configuration.urlCache = nil
    configuration.urlCredentialStorage = nil
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    configuration.httpMaximumConnectionsPerHost = connectionsPerHost
    configuration.connectionProxyDictionary = [:]
    return configuration
  }
}
