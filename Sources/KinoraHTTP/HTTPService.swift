/// Takes a request body while it arrives. Called on the loop thread only, so it must not block
/// longer than a write to the page cache. An upload that is cut is not told: the sink is released
/// without `respond` having been called.
public protocol HTTPBodySink: AnyObject, Sendable {
  /// The next bytes. A refusal answers the request at once and closes the connection after it.
  func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal)
}

/// A request that is answered before its body is read to the end.
public struct HTTPRefusal: Error, Sendable {
  /// What the client gets.
  public var response: HTTPResponse

  /// Refuses with this answer.
  public init(_ response: HTTPResponse) { self.response = response }
}

/// What to do with a body that is about to arrive.
public enum HTTPBodyPlan: Sendable {
  /// Keep it in memory, at most `limit` bytes, else 413.
  case collect(limit: Int)
  /// Hand it over piece by piece, at most `limit` bytes in all, else 413.
  case stream(any HTTPBodySink, limit: Int)
  /// Do not read it; answer now and close.
  case refuse(HTTPResponse)
}

/// How a request is answered.
public enum HTTPReply: Sendable {
  /// At once, on the loop thread: no task, no hop.
  case now(HTTPResponse)
  /// By a task on the loop's executor, cancelled when the client leaves. Work above some 20 µs
  /// belongs elsewhere: hop to the global pool inside.
  case later(@Sendable () async -> HTTPResponse)
}

/// What answers the requests. All methods are called on the loop thread and must not block.
public protocol HTTPService: Sendable {
  /// The head is complete: what shall happen to the body? `request.body` is empty. Asked for every
  /// request that has a body, and for every POST, PUT and PATCH also without one.
  func plan(_ request: HTTPRequest) -> HTTPBodyPlan
  /// The body is complete.
  func respond(_ request: HTTPRequest) -> HTTPReply
  /// The body of an answer that the server itself gives (400, 404 for a bad target, 408, 413, 431, …).
  func refusal(status: Int, reason: String) -> HTTPResponse
  /// The connection has ended; no answer on it is under way any more: the task of a `later` or of
  /// a stream has returned too.
  func ended(connection: UInt64)
}
