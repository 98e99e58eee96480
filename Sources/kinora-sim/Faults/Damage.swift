import Glibc
import KinoraHTTP
import KinoraModel

/// One fault at work on one request.
struct Damage: Sendable {
  /// Seconds a hanging request hangs when its client does not leave.
  private static let patience: Int64 = 600

  let strike: Strike
  let call: Call
  let route: Route
  let provider: any Provider

  /// The answer in the provider's place.
  var answer: HTTPResponse {
    switch strike.fault {
    case .dropBeforeAccept: .silence(reset: false)
    case .resetBeforeAccept: .silence(reset: true)
    case .hangBeforeAccept: hang
    case .status429: provider.failure(.rateLimited(retryAfter: nil))
    case .status429RetryAfter: provider.failure(.rateLimited(retryAfter: strike.seconds ?? 1))
    case .status500: provider.failure(.status(500))
    case .status502: provider.failure(.status(502))
    case .status503: provider.failure(.status(503))
    case .status401: provider.failure(.status(401))
    case .status402: provider.failure(.status(402))
    case .status403: provider.failure(.status(403))
    case .truncatedJSON: Self.text("application/json", #"{"id":"cut-o"#)
    case .garbageJSON: Self.text("application/json", "{id: nonsense,,]")
    case .empty200: HTTPResponse(status: 200)
    case .redirect: redirect
    case .expiredAsset: provider.failure(.expired)
    case .notFoundOnce: provider.failure(.notFound(call.path.last ?? ""))
    case .retiredModel: provider.failure(.retired(model: route.subject.model))
    default: .website
    }
  }

  /// The provider's answer, spoilt.
  func spoil(_ response: HTTPResponse) async -> HTTPResponse {
    let wait = Duration.seconds(strike.seconds ?? 5)
    switch strike.fault {
    case .slow:
      try? await Task.sleep(for: wait)
      return Self.chunked(response, route)
    case .dropAfterAccept: return Self.lost(response, .silence(reset: false))
    case .resetAfterAccept: return Self.lost(response, .silence(reset: true))
    case .hangAfterAccept: return Self.lost(response, hang)
    case .status500AfterAccept: return Self.lost(response, provider.failure(.status(500)))
    case .html200AfterAccept: return Self.lost(response, .website)
    case .truncatedJSONAfterAccept:
      var cut = response
      let bytes = Self.bytes(response)
      cut.body = .bytes(Array(bytes.prefix(bytes.count / 2)))
      return cut
    case .wrongLength, .shortAsset:
      let bytes = Self.bytes(response)
      let head = Self.head(response, length: bytes.count + (isShort ? 0 : 64))
      return .raw([head + bytes.prefix(isShort ? bytes.count / 2 : bytes.count)], pause: .zero)
    case .earlyHints103:
      let bytes = Self.bytes(response)
      let hints = Array("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n".utf8)
      return .raw([hints, Self.head(response, length: bytes.count) + bytes], pause: .zero)
    case .slowBody:
      let bytes = Self.bytes(response)
      let pieces = Self.pieces(bytes, 20)
      return .raw(
        [Self.head(response, length: bytes.count)] + pieces, pause: wait / max(1, pieces.count))
    default: return response
    }
  }

  private var isShort: Bool { strike.fault == .shortAsset }

  private var hang: HTTPResponse { .raw([], pause: .seconds(strike.seconds ?? Self.patience)) }

  /// Another origin that ends here as well, so that the log shows what came along.
  private var redirect: HTTPResponse {
    let other = call.origin.contains("127.0.0.1") ? "localhost" : "127.0.0.1"
    let location = "\(call.origin)\(call.target)"
    let host = call.origin.contains("127.0.0.1") ? "127.0.0.1" : "localhost"
    var response = HTTPResponse(status: 307)
    let moved = location.split(separator: host, maxSplits: 1).joined(separator: other)
    response.fields.append("Location", moved)
    return response
  }

  // Forms.

  private static func text(_ type: String, _ text: String) -> HTTPResponse {
    HTTPResponse(
      status: 200, fields: HTTPFields(["Content-Type": type]), body: .bytes(Array(text.utf8)))
  }

  /// Drops an answer without leaving its file open.
  private static func lost(_ response: HTTPResponse, _ other: HTTPResponse) -> HTTPResponse {
    if case .file(let file) = response.body { close(file.descriptor) }
    return other
  }

  /// The whole body; the file of one is closed.
  private static func bytes(_ response: HTTPResponse) -> [UInt8] {
    switch response.body {
    case .bytes(let bytes): return bytes
    case .file(let file):
      defer { close(file.descriptor) }
      return Files.bytes(file.descriptor, at: 0, count: Int(file.length))
    default: return []
    }
  }

  private static func pieces(_ bytes: [UInt8], _ count: Int) -> [[UInt8]] {
    let size = max(1, (bytes.count + count - 1) / count)
    return stride(from: 0, to: bytes.count, by: size).map {
      Array(bytes[$0..<min($0 + size, bytes.count)])
    }
  }

  private static func head(_ response: HTTPResponse, length: Int) -> [UInt8] {
    var text = "HTTP/1.1 \(response.status) Simulated\r\n"
    for (name, value) in response.fields.list { text += "\(name): \(value)\r\n" }
    return Array((text + "Content-Length: \(length)\r\nConnection: close\r\n\r\n").utf8)
  }

  /// A file as a stream of chunks, where the route wants it so.
  static func chunked(_ response: HTTPResponse, _ route: Route) -> HTTPResponse {
    guard route.isChunked, case .file(let file) = response.body else { return response }
    var copy = response
    // Closed with the closure, also when the client left before it ran.
    let owner = OwnedDescriptor(file.descriptor)
    copy.body = .stream(
      HTTPStreaming(heartbeat: []) { stream in
        var offset: Int64 = 0
        while offset < file.length {
          let piece = Files.bytes(owner.number, at: offset, count: 65_536)
          guard !piece.isEmpty, (try? await stream.write(piece)) != nil else { return }
          offset += Int64(piece.count)
        }
      })
    return copy
  }
}
