import Glibc
import KinoraHTTP
import KinoraModel
import Synchronization

/// An answer, as a client would have it.
struct Reply: Sendable {
  let response: HTTPResponse

  init(_ response: HTTPResponse) { self.response = response }

  var status: Int { response.status }
  subscript(field: String) -> String? { response.fields[field] }

  var bytes: [UInt8] {
    switch response.body {
    case .bytes(let bytes): return bytes
    case .file(let file):
      defer { close(file.descriptor) }
      var bytes = [UInt8](repeating: 0, count: Int(file.length))
      let count = read(file.descriptor, &bytes, bytes.count)
      return Array(bytes.prefix(max(0, count)))
    default: return []
    }
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }
  var json: JSON { (try? JSON.parse(bytes)) ?? .null }
  /// `error.code` of a refusal.
  var code: String { json["error"]?["code"]?.string ?? "" }
  /// `error.param` of a refusal.
  var param: String { json["error"]?["param"]?.string ?? "" }
  var detail: String { json["detail"]?.string ?? "" }
  /// The values that would have been accepted.
  var allowed: [String] {
    json["errors"]?[0]?["allowed"]?.array?.compactMap(\.string) ?? []
  }

  /// Reads a stream until `enough` says so or it ends by itself.
  func stream(until enough: @escaping @Sendable (String) -> Bool = { _ in false }) async -> String {
    guard case .stream(let streaming) = response.body else { return "" }
    let pipe = Pipe()
    let task = Task {
      await streaming.run(pipe)
      pipe.end()
    }
    while !pipe.hasEnded, !enough(pipe.text) {
      try? await Task.sleep(for: .milliseconds(2))
    }
    task.cancel()
    await task.value
    return pipe.text
  }
}

/// Collects what a stream writes.
final class Pipe: HTTPStream {
  private let state = Mutex((bytes: [UInt8](), hasEnded: false))

  func write(_ bytes: [UInt8]) async throws(HTTPGone) {
    state.withLock { $0.bytes += bytes }
  }
  func end() { state.withLock { $0.hasEnded = true } }
  var hasEnded: Bool { state.withLock { $0.hasEnded } }
  var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
}
