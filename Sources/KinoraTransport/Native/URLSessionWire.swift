import Foundation
import FoundationNetworking
import KinoraModel
import Synchronization

/// Sends repeatable requests with Foundation's own client.
///
/// On Linux it honours no total time limit, holds back no fast sender, and keeps a little memory for
/// every request; so the deadline, the size cap and the regular new session are ours. It is never
/// used for paid requests: a pooled connection that dies makes it send a POST twice.
///
/// A download is a data task whose bytes are written here: Foundation's own download task traps where
/// its file cannot be made or the disk is full (NativeProtocol.swift and FileHandle.swift of
/// swift-corelibs-foundation 6.3).
final class URLSessionWire: Wire {
  /// Requests after which a session is replaced: each leaves about 200 bytes behind.
  static let requestsPerSession = 10_000
  /// Connections to one host. Foundation's default of 6 would let six slow answers block all.
  static let connectionsPerHost = 32

  private struct Client {
    let session: URLSession
    let delegate: NativeDelegate
  }
  private struct State {
    var shared: Client?
    var count = 0
    /// By exchange.
    var downloads: [ObjectIdentifier: URLSession] = [:]
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
    state.withLock { $0.downloads[ObjectIdentifier(exchange)] = nil }
    result.milliseconds = SteadyTime.now() - started
    return result
  }

  /// Cancels everything that runs.
  func stop() {
    let sessions = state.withLock { state in
      state.isStopped = true
      defer {
        state.shared = nil
        state.downloads = [:]
      }
      return Array(state.downloads.values) + (state.shared.map { [$0.session] } ?? [])
    }
    for session in sessions { session.invalidateAndCancel() }
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
    let client = try client(exchange)
    let task: URLSessionTask =
      if let file {
        client.session.uploadTask(with: request, fromFile: URL(fileURLWithPath: file))
      } else {
        client.session.dataTask(with: request)
      }
    client.delegate.add(task, exchange)
    exchange.begin(task)
    if exchange.request.isDownload { client.session.finishTasksAndInvalidate() }
  }

  /// A download has a session, and with it a queue, of its own. A session's one queue is busy for as
  /// long as bytes are there to be read, and until then keeps a timer and two blocks for every 16 KiB:
  /// four downloads of 200 MB that took turns on one queue held 20 to 40 MB of them.
  private func client(_ exchange: NativeExchange) throws(KinoraError) -> Client {
    let client: Client? = state.withLock { state in
      guard !state.isStopped else { return nil }
      if exchange.request.isDownload {
        let client = Self.newClient()
        state.downloads[ObjectIdentifier(exchange)] = client.session
        return client
      }
      state.count += 1
      if state.count > Self.requestsPerSession {
        state.shared?.session.finishTasksAndInvalidate()
        state.shared = nil
        state.count = 1
      }
      let client = state.shared ?? Self.newClient()
      state.shared = client
      return client
    }
    guard let client else { throw KinoraError(.draining, "the transports were shut down") }
    return client
  }

  private static func newClient() -> Client {
    let delegate = NativeDelegate()
    return Client(
      session: URLSession(
        configuration: configuration(), delegate: delegate, delegateQueue: delegate.queue),
      delegate: delegate)
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
