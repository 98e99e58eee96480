import CLLHTTP

/// llhttp in its strict mode, and what it needs beside it to be strict.
///
/// Feed it bytes; it stops at the end of a head that has a body, and at the end of each message.
/// It is used for one message at a time and kept in a pool: an idle connection holds none.
final class RequestParser {
  /// What a feed led to.
  enum Step: Equatable {
    /// All bytes were taken, and there are more to come.
    case more
    /// The head is complete and a body follows.
    case head
    /// The message is complete; for one without body the head was not reported before.
    case complete
    case failed(HTTPProblem)
  }
  enum Phase {
    case head
    case body
    case trailers
  }

  private let raw: UnsafeMutablePointer<llhttp_t>
  private let limits: HTTPLimits
  var builder: HeadBuilder
  private var scanner = HeadScanner()
  private var method = MethodReader()
  /// The method where it is none of llhttp's, which then reads POST in its place.
  private var otherMethod: String?
  /// Bytes that the body may have; a chunk that says it is longer is refused before it comes.
  var bodyLimit = UInt64.max
  private(set) var phase = Phase.head
  private var headBytes = 0
  private var framingBytes = 0
  private var payloadBytes = 0
  private var extensionBytes = 0
  private var headDone = false
  private var messageDone = false
  private var fed: UnsafeRawPointer?
  var problem: HTTPProblem?
  /// Where payload lies in the bytes of the last feed.
  private(set) var pieces: [Range<Int>] = []

  init(limits: HTTPLimits) {
    self.limits = limits
    builder = HeadBuilder(limits: limits)
    raw = .allocate(capacity: 1)
    raw.initialize(to: llhttp_t())
    llhttp_init(raw, HTTP_REQUEST, parserSettings.pointer)
    raw.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit { raw.deallocate() }

  /// Ready for another message.
  func reset() {
    llhttp_reset(raw)
    builder.reset()
    scanner = HeadScanner()
    method = MethodReader()
    otherMethod = nil
    bodyLimit = .max
    phase = .head
    headBytes = 0
    framingBytes = 0
    payloadBytes = 0
    extensionBytes = 0
    headDone = false
    messageDone = false
    problem = nil
  }

  /// The head, once it was reported.
  func head() -> RequestHead {
    var head = builder.head()
    let p = raw.pointee
    head.method = otherMethod ?? MethodNames.all[Int(p.method)]
    head.major = Int(p.http_major)
    head.minor = Int(p.http_minor)
    head.contentLength = p.content_length
    head.hasBody = headHasBody
    head.lineBytes = scanner.firstLine
    head.keepAlive = keepAlive
    return head
  }
  private var headHasBody = false
  private var keepAlive = false

  /// Takes bytes up to the next stop. `used` counts those that belong to this message.
  func feed(_ bytes: UnsafeRawBufferPointer) -> (used: Int, step: Step) {
    pieces.removeAll(keepingCapacity: true)
    var used = 0
    if !method.isDone {
      let (count, step) = begin(bytes)
      used = count
      if let step { return (used, step) }
    }
    while true {
      let (count, step) = run(UnsafeRawBufferPointer(rebasing: bytes[used...]), at: used)
      used += count
      if let step { return (used, step) }
    }
  }

  /// Empty lines and the method. Nil when the rest is to be run; a step when there is none or it failed.
  private func begin(_ bytes: UnsafeRawBufferPointer) -> (Int, Step?) {
    let first = bytes.firstIndex { $0 != 0x0d && $0 != 0x0a } ?? bytes.count
    let empty = method.held.isEmpty ? first : 0
    if empty > 0, case (let count, let step?) = run(.init(rebasing: bytes[..<empty]), at: 0),
      empty == bytes.count || step != .more
    {
      return (count, step)
    }
    switch method.read(UnsafeRawBufferPointer(rebasing: bytes[empty...])) {
    case .incomplete: return (bytes.count, .more)
    case .plain(let held):
      guard !held.isEmpty, case .failed(let problem)? = held.withUnsafeBytes({ run($0, at: 0) }).1
      else { return (empty, nil) }
      return (empty, .failed(problem))
    case .other(let name, let held, let count):
      otherMethod = name
      let taken = empty + count
      // The head is measured by what was sent, not by what llhttp gets to read.
      let bytes = UnsafeRawBufferPointer(rebasing: bytes[empty..<taken])
      if let problem = held.withUnsafeBytes({ check($0, since: 0) }) ?? check(bytes, since: 0) {
        return (taken, .failed(problem))
      }
      _ = Self.standIn.withUnsafeBytes { llhttp_execute(raw, $0.baseAddress, $0.count) }
      return (taken, nil)
    }
  }
  private static let standIn = Array("POST ".utf8).map { CChar(bitPattern: $0) }

  private func run(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> (Int, Step?) {
    guard let base = bytes.baseAddress else { return (0, .more) }
    let before = pieces.count
    fed = base - offset
    let code = llhttp_execute(raw, base.assumingMemoryBound(to: CChar.self), bytes.count)
    var used = bytes.count
    if code != HPE_OK, let stop = llhttp_get_error_pos(raw) {
      used = min(max(0, UnsafeRawPointer(stop) - base), bytes.count)
    }
    let paused = code == HPE_PAUSED
    if !paused, code != HPE_OK { return (used, .failed(problem ?? refusal(code))) }
    if let problem = check(UnsafeRawBufferPointer(rebasing: bytes[..<used]), since: before) {
      return (used, .failed(problem))
    }
    guard paused else { return (used, .more) }
    llhttp_resume(raw)
    if messageDone { return (used, .complete) }
    if phase == .head, headDone {
      phase = .body
      return (used, .head)
    }
    phase = .trailers
    scanner = HeadScanner()
    headBytes = 0
    return (used, nil)
  }

  private func check(_ bytes: UnsafeRawBufferPointer, since first: Int) -> HTTPProblem? {
    switch phase {
    case .head, .trailers:
      headBytes += bytes.count
      if headBytes > limits.headBytes { return HTTPProblem(431, "request head too large") }
      if !scanner.accept(bytes) { return HTTPProblem(400, "malformed line in the request head") }
    case .body:
      let payload = pieces[first...].reduce(0) { $0 + $1.count }
      payloadBytes += payload
      framingBytes += bytes.count - payload
      if framingBytes > limits.chunkFramingBytes + 8 * payloadBytes {
        return HTTPProblem(400, "too much chunk framing")
      }
    }
    return nil
  }

  private func refusal(_ code: llhttp_errno_t) -> HTTPProblem {
    let reason = llhttp_get_error_reason(raw).map { String(cString: $0) } ?? "malformed request"
    if code == HPE_PAUSED_H2_UPGRADE || reason == "Invalid HTTP version" {
      return HTTPProblem(505, "HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    return HTTPProblem(400, reason)
  }

  // What the callbacks do; their results go back to llhttp.

  func refuse(_ problem: HTTPProblem) -> Int32 {
    self.problem = problem
    return -1
  }

  func headersComplete() -> Int32 {
    // An upgrade is ignored: the message is framed as if it had not been asked for.
    raw.pointee.upgrade = 0
    headDone = true
    let flags = UInt32(raw.pointee.flags)
    headHasBody = flags & F_CHUNKED.rawValue != 0 || raw.pointee.content_length > 0
    keepAlive = llhttp_should_keep_alive(raw) != 0
    let stops = headHasBody || flags & F_TRANSFER_ENCODING.rawValue != 0
    return stops ? Int32(HPE_PAUSED.rawValue) : 0
  }

  func payload(_ at: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
    guard let at, let fed, count > 0 else { return 0 }
    let start = UnsafeRawPointer(at) - fed
    pieces.append(start..<start + count)
    return 0
  }

  func chunkExtension(_ count: Int) -> Int32 {
    extensionBytes += count
    if extensionBytes <= limits.chunkExtensionBytes { return 0 }
    return refuse(HTTPProblem(400, "chunk extensions too large"))
  }

  func chunkHeader() -> Int32 {
    if raw.pointee.content_length > bodyLimit {
      return refuse(HTTPProblem(413, "the request body is larger than allowed here"))
    }
    // The last chunk: what follows are trailers, whose lines are looked at like those of a head.
    return raw.pointee.content_length == 0 ? Int32(HPE_PAUSED.rawValue) : 0
  }

  func messageComplete() -> Int32 {
    messageDone = true
    return Int32(HPE_PAUSED.rawValue)
  }
}
