import Glibc
import KinoraHTTP
import Synchronization

/// A service with a few fixed paths, and a record of what it was told.
final class TestService: HTTPService {
  typealias Handler = @Sendable (HTTPRequest) -> HTTPReply?
  typealias Planner = @Sendable (HTTPRequest) -> HTTPBodyPlan?

  private let handler: Handler
  private let planner: Planner
  /// What `/gate` waits for.
  let gate = Gate()
  private let endedIDs = Mutex<[UInt64]>([])
  private let seen = Mutex<[HTTPRequest]>([])

  init(_ handler: @escaping Handler = { _ in nil }, plan: @escaping Planner = { _ in nil }) {
    planner = plan
    self.handler = handler
  }

  var ended: [UInt64] { endedIDs.withLock { $0 } }
  var requests: [HTTPRequest] { seen.withLock { $0 } }

  func plan(_ request: HTTPRequest) -> HTTPBodyPlan {
    planner(request) ?? .collect(limit: 1024 * 1024)
  }

  func respond(_ request: HTTPRequest) -> HTTPReply {
    seen.withLock { $0.append(request) }
    if let reply = handler(request) { return reply }
    switch request.path {
    case "/ping": return .now(.text("pong"))
    case "/end": return .now(HTTPResponse(status: 299))
    case "/echo": return .now(HTTPResponse(status: 200, body: .bytes(request.body)))
    case "/later": return .later { .text("later") }
    case "/gate":
      return .later { [gate] in
        await gate.wait()
        return .text("gate")
      }
    case "/slow":
      return .later {
        try? await Task.sleep(for: .milliseconds(150))
        return .text("slow")
      }
    default: return .now(refusal(status: 404, reason: "no such path"))
    }
  }

  func refusal(status: Int, reason: String) -> HTTPResponse {
    HTTPResponse(
      status: status, fields: ["Content-Type": "text/plain"], body: .bytes(Array(reason.utf8)))
  }

  func ended(connection: UInt64) { endedIDs.withLock { $0.append(connection) } }
}

extension HTTPResponse {
  static func text(_ text: String) -> HTTPResponse {
    HTTPResponse(
      status: 200, fields: ["Content-Type": "text/plain"], body: .bytes(Array(text.utf8)))
  }
}

/// Waits for a condition that another thread will make true.
func eventually(seconds: Double = 10, _ condition: @Sendable () -> Bool) async -> Bool {
  let end = ContinuousClock.now + .seconds(seconds)
  while ContinuousClock.now < end {
    if condition() { return true }
    try? await Task.sleep(for: .milliseconds(3))
  }
  return condition()
}

/// A file with that content, without a name; the descriptor is the caller's.
func temporaryFile(_ bytes: [UInt8]) -> Int32 {
  var template = Array("/tmp/kn-file.XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  unlink(template)
  var at = 0
  while at < bytes.count {
    at += bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + at }, $0.count - at) }
  }
  return descriptor
}
