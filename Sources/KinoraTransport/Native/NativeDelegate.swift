import Foundation
import FoundationNetworking
import KinoraModel
import Synchronization

/// Hears what a session's tasks do, on one queue, and tells their exchanges.
final class NativeDelegate: NSObject, URLSessionDataDelegate {
  let queue = DelegateQueue()
  private let exchanges = Mutex<[Int: NativeExchange]>([:])

  func add(_ task: URLSessionTask, _ exchange: NativeExchange) {
    exchanges.withLock { $0[task.taskIdentifier] = exchange }
  }

  private func exchange(_ task: URLSessionTask) -> NativeExchange? {
    exchanges.withLock { $0[task.taskIdentifier] }
  }

  /// No redirect is followed here: the caller checks where it leads and what may go along.
  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping (URLRequest?) -> Void
  ) {
    exchange(task)?.head(response)
    completionHandler(nil)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    let exchange = exchange(dataTask)
    exchange?.head(response)
    if exchange?.mayGrow(to: response.expectedContentLength) == false { exchange?.giveUp() }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    if let exchange = exchange(dataTask), !exchange.take(data) { exchange.giveUp() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    let exchange = exchanges.withLock { $0.removeValue(forKey: task.taskIdentifier) }
    if let response = task.response { exchange?.head(response) }
    exchange?.finish((error as? URLError)?.code ?? (error == nil ? nil : .unknown))
  }
}
