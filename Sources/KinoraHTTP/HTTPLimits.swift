/// Every bound of the server, with its unit and its reason. Whatever a client controls has one.
public struct HTTPLimits: Sendable {
  /// Bytes of the request target; more is 414. nginx and Apache allow 8 KiB as well.
  public var targetBytes = 8 * 1024
  /// Bytes of request line and fields together, and of trailers; more is 431.
  public var headBytes = 32 * 1024
  /// Fields in a head; more is 431.
  public var fields = 100
  /// Seconds from a request's first byte to the end of its head, however it drips; then 408.
  public var headSeconds = 10.0
  /// Seconds that any body may take, whatever its rate.
  public var bodyGraceSeconds = 30.0
  /// Bytes per second that a body must keep up on the average once the grace is over; else 408.
  public var bodyBytesPerSecond = 4 * 1024
  /// Seconds a connection may stand without a request; then it is closed.
  public var idleSeconds = 60.0
  /// Seconds that a connection which was just accepted has for its first request when the server
  /// drains: who connected in time is on the way to ask, and would see an answerless end.
  public var arrivalSeconds = 1.0
  /// Seconds without one byte of an answer being taken; then the connection is closed.
  public var stallSeconds = 30.0
  /// Seconds that the rest of a refused request is read and dropped, so that the client gets to
  /// read its answer instead of a reset.
  public var lingerSeconds = 2.0
  /// Bytes of chunk extensions in one body; nobody needs any.
  public var chunkExtensionBytes = 4 * 1024
  /// Framing bytes that a chunked body may cost beyond eight for every byte of payload.
  public var chunkFramingBytes = 16 * 1024
  /// Connections at once; one more is answered 503. Each idle one costs less than 1 KiB here and a
  /// descriptor.
  public var connections = 12_000
  /// Connections accepted in one turn of the loop.
  public var acceptsPerTurn = 64
  /// Requests answered on one connection before others get their turn.
  public var requestsPerTurn = 64
  /// Bytes read from one connection before others get their turn.
  public var readBytesPerTurn = 1024 * 1024
  /// Unsent bytes of a stream above which its writer waits.
  public var streamRoomBytes = 64 * 1024
  /// Unsent bytes of a stream at which a client that does not read is dropped.
  public var streamBacklogBytes = 1024 * 1024
  /// Bytes of one sendfile call.
  public var fileStepBytes = 1024 * 1024
  /// Bytes of a file sent before others get their turn.
  public var fileBytesPerTurn = 4 * 1024 * 1024
  /// Bytes of a body that are copied behind their head into one send; a larger one is sent from
  /// where it is.
  public var inlineBodyBytes = 16 * 1024
  /// Milliseconds between two looks at the deadlines, so their grain.
  public var sweepMilliseconds = 50

  /// The limits as they are meant for use.
  public init() {}
}
