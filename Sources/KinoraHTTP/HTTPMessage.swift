/// Header fields in the order they were sent. Names compare without case.
public struct HTTPFields: Sendable {
  /// The fields, names as they were written.
  public private(set) var list: [(name: String, value: String)] = []

  /// An empty list.
  public init() {}

  /// A list from literals: `["content-type": "text/plain"]`.
  public init(_ pairs: KeyValuePairs<String, String>) {
    list = pairs.map { (name: $0.key, value: $0.value) }
  }

  /// The first value of `name`, or nil.
  public subscript(name: String) -> String? {
    list.first { $0.name.equalsIgnoringCase(name) }?.value
  }

  /// All values of `name`, in order.
  public func values(_ name: String) -> [String] {
    list.filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
  }

  /// Adds a field at the end, whatever is there already.
  public mutating func append(_ name: String, _ value: String) {
    list.append((name: name, value: value))
  }

  /// Puts one field in the place of all of that name.
  public mutating func replace(_ name: String, _ value: String) {
    list.removeAll { $0.name.equalsIgnoringCase(name) }
    list.append((name: name, value: value))
  }
}

extension String {
  /// ASCII comparison without case, as header names want it.
  package func equalsIgnoringCase(_ other: String) -> Bool {
    utf8.count == other.utf8.count
      && zip(utf8, other.utf8).allSatisfy { a, b in
        a == b || ((a ^ b) == 0x20 && (a | 0x20) >= 0x61 && (a | 0x20) <= 0x7a)
      }
  }
}

/// Who is at the other end.
public enum HTTPPeer: Sendable, Hashable {
  /// A process of this host, by SO_PEERCRED at connect.
  case unix(uid: UInt32, gid: UInt32, pid: Int32)
  /// A TCP client, as `127.0.0.1:41234`.
  case tcp(address: String)
}

/// One request, as the service sees it.
public struct HTTPRequest: Sendable {
  /// `GET`, `POST`, … in capitals, as sent.
  public var method: String
  /// The path without query, still percent-encoded, always beginning with `/`.
  public var path: String
  /// What followed `?`, still encoded; nil without one.
  public var query: String?
  /// The header fields.
  public var fields: HTTPFields
  /// The peer's identity.
  public var peer: HTTPPeer
  /// The listener's name: `unix` or `tcp`.
  public var listener: String
  /// Unique for one connection in the life of this process.
  public var connection: UInt64
  /// 1, 2, … on its connection.
  public var ordinal: Int
  /// The whole body when the plan was `collect`, else empty.
  public var body: [UInt8]
  /// The sink of the plan when it was `stream`, else nil.
  public var sink: (any HTTPBodySink)?

  /// A request by hand, for tests and for services that call each other.
  public init(
    method: String, path: String, query: String? = nil, fields: HTTPFields = HTTPFields(),
    peer: HTTPPeer, listener: String = "unix", connection: UInt64 = 0, ordinal: Int = 1,
    body: [UInt8] = [], sink: (any HTTPBodySink)? = nil
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.fields = fields
    self.peer = peer
    self.listener = listener
    self.connection = connection
    self.ordinal = ordinal
    self.body = body
    self.sink = sink
  }
}

/// One answer.
public struct HTTPResponse: Sendable {
  /// 200…599.
  public var status: Int
  /// All but Date, Content-Length, Transfer-Encoding and Connection, which the server writes.
  public var fields: HTTPFields
  /// What follows the head.
  public var body: HTTPBody
  /// Called once on the loop thread: true when every byte was handed to the kernel, false when
  /// the connection ended before.
  public var sent: (@Sendable (_ whole: Bool) -> Void)?

  /// An answer with any body.
  public init(status: Int, fields: HTTPFields = HTTPFields(), body: HTTPBody = .none) {
    self.status = status
    self.fields = fields
    self.body = body
  }
}

/// The body of an answer.
public enum HTTPBody: Sendable {
  /// No body; Content-Length 0 (absent on 204 and 304).
  case none
  /// Bytes in memory.
  case bytes([UInt8])
  /// An open file, sent with sendfile; Range, If-Range, If-Match and If-None-Match are the server's.
  case file(HTTPFile)
  /// An open-ended body; the closure writes until it returns, then the body ends.
  case stream(HTTPStreaming)
}

/// A file to be served.
public struct HTTPFile: Sendable {
  /// Read-only descriptor; the server closes it.
  public var descriptor: Int32
  /// Bytes in the file.
  public var length: Int64
  /// A strong entity tag without quotes, or nil.
  public var etag: String?

  /// A whole file; the server answers ranges of it.
  public init(descriptor: Int32, length: Int64, etag: String?) {
    self.descriptor = descriptor
    self.length = length
    self.etag = etag
  }
}

/// An open-ended answer, such as server-sent events.
public struct HTTPStreaming: Sendable {
  /// Written when nothing else was for `heartbeatSeconds`; empty: never.
  public var heartbeat: [UInt8]
  /// Seconds of silence before a heartbeat.
  public var heartbeatSeconds: Int
  /// Written when the server drains, before the body ends; the closure's task is cancelled then.
  public var farewell: [UInt8]
  /// Runs on the loop's executor; is cancelled when the client leaves.
  public var run: @Sendable (any HTTPStream) async -> Void

  /// A stream with a heartbeat comment (`: keep-alive` and one line end) every 15 s.
  public init(
    heartbeat: [UInt8] = Array(": keep-alive\n".utf8), heartbeatSeconds: Int = 15,
    farewell: [UInt8] = [], run: @escaping @Sendable (any HTTPStream) async -> Void
  ) {
    self.heartbeat = heartbeat
    self.heartbeatSeconds = heartbeatSeconds
    self.farewell = farewell
    self.run = run
  }
}

/// Where a streaming answer is written.
public protocol HTTPStream: Sendable {
  /// Queues bytes; waits while more than the backlog cap is unsent. Throws `HTTPGone` when the
  /// client left or stalled past the write deadline.
  func write(_ bytes: [UInt8]) async throws(HTTPGone)
}

/// The client went away.
public struct HTTPGone: Error, Sendable {
  /// The only value there is.
  public init() {}
}

/// Takes a request body while it arrives. Called on the loop thread only, so it must not block
/// longer than a write to the page cache.
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
  /// The head is complete: what shall happen to the body? `request.body` is empty.
  func plan(_ request: HTTPRequest) -> HTTPBodyPlan
  /// The body is complete.
  func respond(_ request: HTTPRequest) -> HTTPReply
  /// The body of an answer that the server itself gives (400, 404 for a bad target, 408, 413, 431, …).
  func refusal(status: Int, reason: String) -> HTTPResponse
  /// The connection has ended; no answer on it is under way any more.
  func ended(connection: UInt64)
}
