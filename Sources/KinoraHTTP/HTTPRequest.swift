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
