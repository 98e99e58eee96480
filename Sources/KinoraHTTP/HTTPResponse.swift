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
  /// An open file, sent with sendfile; its range and its conditions are the server's.
  case file(HTTPFile)
  /// An open-ended body; the closure writes until it returns, then the body ends.
  case stream(HTTPStreaming)
  /// The service writes the whole answer itself, head included; status and fields are not sent.
  /// For servers that must misbehave on purpose.
  case wire(HTTPWire)
}

/// A file to be served.
public struct HTTPFile: Sendable {
  /// Read-only descriptor; the server closes it.
  public var descriptor: Int32
  /// Bytes in the file.
  public var length: Int64
  /// A strong entity tag without quotes, or nil.
  public var etag: String?
  /// When it was last changed, in Unix seconds, or nil; told as Last-Modified.
  public var modified: Int64?

  /// A whole file; the server answers ranges of it.
  public init(descriptor: Int32, length: Int64, etag: String?, modified: Int64? = nil) {
    self.descriptor = descriptor
    self.length = length
    self.etag = etag
    self.modified = modified
  }
}
