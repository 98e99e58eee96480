import Glibc

/// Bytes that the kernel has not taken yet, in the pieces they came in.
struct OutputQueue {
  enum Outcome {
    case empty
    /// The socket takes no more for now.
    case blocked
    case gone
  }

  private var pieces: [[UInt8]] = []
  private var first = 0
  private var offset = 0
  /// Unsent bytes.
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ bytes: [UInt8]) {
    if bytes.isEmpty { return }
    pieces.append(bytes)
    count += bytes.count
  }

  /// Sends until the socket is full. `more` says that a file follows.
  mutating func flush(_ descriptor: Int32, more: Bool) -> (sent: Int, outcome: Outcome) {
    var sent = 0
    while first < pieces.count {
      let last = first == pieces.count - 1
      let result = pieces[first].withUnsafeBytes {
        Self.send(
          descriptor, UnsafeRawBufferPointer(rebasing: $0[offset...]), more: more || !last)
      }
      if result < 0 {
        if errno == EINTR { continue }
        return (sent, errno == EAGAIN ? .blocked : .gone)
      }
      sent += result
      offset += result
      count -= result
      if offset == pieces[first].count {
        pieces[first] = []
        first += 1
        offset = 0
      }
    }
    pieces = []
    first = 0
    return (sent, .empty)
  }

  /// send(2) without SIGPIPE; -1 with errno.
  static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, more: Bool) -> Int {
    let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
    return Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
  }
}
