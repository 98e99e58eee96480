/// A strict parser of `multipart/form-data` (RFC 7578, RFC 2046 §5.1) that never holds more than
/// a part's head and a delimiter: feed it a body in any pieces.
///
/// Strict means: no preamble, no epilogue but one line end, CRLF everywhere, every part named.
public struct MultipartParser: Sendable {
  /// What a feed tells, in order.
  public enum Event {
    case partBegan(MultipartPart)
    /// Bytes of the part that is open; valid during the call only.
    case data(UnsafeRawBufferPointer)
    case partEnded
  }

  /// The bounds of one body.
  public struct Limits: Sendable {
    /// Parts of one body.
    public var parts = 64
    /// Bytes of one part's head.
    public var headBytes = 8 * 1024

    /// The usual bounds.
    public init() {}
  }

  private enum State: Sendable {
    /// Before the first delimiter, whose leading line end is missing.
    case start
    /// Behind a delimiter: a line end, or `--` for the end.
    case delimiter
    case head
    case data
    /// Behind the last delimiter.
    case epilogue
  }

  private let limits: Limits
  private let boundary: [UInt8]
  private var state = State.start
  /// Bytes that may be the beginning of something and wait for more.
  private var held: [UInt8] = []
  private var parts = 0

  /// A parser for a body with this Content-Type; throws when it is not form data or its boundary is
  /// missing or not one that RFC 2046 allows.
  public init(contentType: String, limits: Limits = Limits()) throws(MultipartError) {
    let value = try ParameterizedValue(contentType)
    guard value.value.equalsIgnoringCase("multipart/form-data") else {
      throw MultipartError("the content type is not multipart/form-data")
    }
    guard let boundary = value["boundary"], (1...70).contains(boundary.utf8.count),
      boundary.utf8.allSatisfy({ (0x20...0x7e).contains($0) }), boundary.utf8.last != 0x20
    else { throw MultipartError("multipart/form-data without a usable boundary") }
    self.boundary = Array("\r\n--\(boundary)".utf8)
    self.limits = limits
  }

  /// Takes the next bytes and tells what they contain. An error thrown by `tell` ends the feed and
  /// is passed on; the parser is of no use afterwards.
  public mutating func feed(
    _ bytes: UnsafeRawBufferPointer, _ tell: (Event) throws(MultipartError) -> Void
  ) throws(MultipartError) {
    guard !held.isEmpty else {
      let used = try parse(bytes, tell)
      held = Array(bytes[used...])
      return
    }
    // What was held is looked at again together with what came: it is shorter than a delimiter or
    // a part's head, so this stays linear for pieces of a sensible size.
    var all = held
    held = []
    all.append(contentsOf: bytes)
    let used = try all.withUnsafeBufferPointer { (all) throws(MultipartError) in
      try parse(UnsafeRawBufferPointer(all), tell)
    }
    held = Array(all[used...])
  }

  /// The body has ended; throws when the last delimiter has not been seen.
  public func finish() throws(MultipartError) {
    guard state == .epilogue, held.isEmpty || held == [0x0d] else {
      throw MultipartError("the multipart body ends too early")
    }
  }

  private mutating func parse(
    _ bytes: UnsafeRawBufferPointer, _ tell: (Event) throws(MultipartError) -> Void
  ) throws(MultipartError) -> Int {
    var at = 0
    while at < bytes.count,
      let used = try step(UnsafeRawBufferPointer(rebasing: bytes[at...]), tell)
    {
      at += used
    }
    return at
  }

  /// Nil when more bytes are needed.
  private mutating func step(
    _ bytes: UnsafeRawBufferPointer, _ tell: (Event) throws(MultipartError) -> Void
  ) throws(MultipartError) -> Int? {
    switch state {
    case .start:
      let first = boundary[2...]
      guard bytes.starts(with: first.prefix(bytes.count)) else {
        throw MultipartError("the multipart body does not begin with its boundary")
      }
      guard bytes.count >= first.count else { return nil }
      state = .delimiter
      return first.count
    case .delimiter:
      guard bytes.count >= 2 else { return nil }
      if bytes[0] == UInt8(ascii: "-"), bytes[1] == UInt8(ascii: "-") {
        state = .epilogue
        return 2
      }
      guard bytes[0] == 0x0d, bytes[1] == 0x0a else {
        throw MultipartError("a multipart delimiter is followed by something else")
      }
      parts += 1
      if parts > limits.parts { throw MultipartError("more than \(limits.parts) parts") }
      state = .head
      return 2
    case .head:
      guard let end = bytes.firstIndex(ofSequence: [0x0d, 0x0a, 0x0d, 0x0a]) else {
        if bytes.count > limits.headBytes { throw MultipartError("a part's head is too large") }
        return nil
      }
      if end > limits.headBytes { throw MultipartError("a part's head is too large") }
      let part = try MultipartPart(head: String(decoding: bytes[..<end], as: UTF8.self))
      state = .data
      try tell(.partBegan(part))
      return end + 4
    case .data: return try data(bytes, tell)
    case .epilogue:
      if bytes[0] == 0x0d, bytes.count == 1 { return nil }
      guard bytes.elementsEqual([0x0d, 0x0a]) else {
        throw MultipartError("something follows the end of the multipart body")
      }
      return 2
    }
  }

  private mutating func data(
    _ bytes: UnsafeRawBufferPointer, _ tell: (Event) throws(MultipartError) -> Void
  ) throws(MultipartError) -> Int? {
    if let end = bytes.firstIndex(ofSequence: boundary) {
      if end > 0 { try tell(.data(UnsafeRawBufferPointer(rebasing: bytes[..<end]))) }
      try tell(.partEnded)
      state = .delimiter
      return end + boundary.count
    }
    // All but a tail that may be the beginning of a delimiter is certainly data.
    let sure = bytes.count - bytes.tailMatching(boundary)
    if sure > 0 { try tell(.data(UnsafeRawBufferPointer(rebasing: bytes[..<sure]))) }
    return sure > 0 ? sure : nil
  }
}
