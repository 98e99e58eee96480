/// A request body on its way in.
struct IncomingBody {
  let limit: Int
  private(set) var received = 0
  private(set) var bytes: [UInt8] = []
  let sink: (any HTTPBodySink)?

  /// Bytes reserved at once for a declared length; a client that only declares gets no more.
  private static let firstReserve = 64 * 1024

  init(limit: Int, sink: (any HTTPBodySink)?, declared: UInt64) {
    self.limit = limit
    self.sink = sink
    if sink == nil { bytes.reserveCapacity(min(Int(clamping: declared), Self.firstReserve)) }
  }

  /// Keeps or passes on; past the limit it only counts.
  mutating func take(_ piece: UnsafeRawBufferPointer) throws(HTTPRefusal) {
    received += piece.count
    guard received <= limit else { return }
    if let sink { try sink.receive(piece) } else { bytes.append(contentsOf: piece) }
  }
}

/// What is known of the request that is being read or answered.
struct Exchange {
  var request: HTTPRequest?
  var isHead = false
  var minor = 1
  var keepAlive = true
  /// For files; empty unless the request has a condition or a range.
  var conditions = HTTPFields()
  var method = "GET"
  var sent: (@Sendable (Bool) -> Void)?
  /// The page's origin, when it is one that may read the answer.
  var crossOrigin: String?
  /// All of the answer is in the output; nothing will be added.
  var isWhole = false
  /// The request's body was not read to its end, so nothing behind it can be a request.
  var unread = false
  /// The connection ends with a reset.
  var resets = false
}
