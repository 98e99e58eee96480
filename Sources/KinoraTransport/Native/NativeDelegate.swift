import Foundation
import FoundationNetworking
import KinoraModel
import Synchronization

/// Hears what a session's tasks do, on one queue, and tells their exchanges.
final class NativeDelegate: NSObject, URLSessionDataDelegate, URLSessionDownloadDelegate {
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
    exchange(dataTask)?.head(response)
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    if exchange(dataTask)?.take(data) == false { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, downloadTask: URLSessionDownloadTask, didWriteData bytesWritten: Int64,
    totalBytesWritten: Int64, totalBytesExpectedToWrite: Int64
  ) {
    let most = max(totalBytesWritten, totalBytesExpectedToWrite)
    if exchange(downloadTask)?.mayGrow(to: most) == false { downloadTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, downloadTask: URLSessionDownloadTask,
    didFinishDownloadingTo location: URL
  ) {
    guard let exchange = exchange(downloadTask) else { return }
    if let response = downloadTask.response { exchange.head(response) }
    exchange.take(file: location.path)
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    let exchange = exchanges.withLock { $0.removeValue(forKey: task.taskIdentifier) }
    if let response = task.response { exchange?.head(response) }
    exchange?.finish((error as? URLError)?.code ?? (error == nil ? nil : .unknown))
  }
}
