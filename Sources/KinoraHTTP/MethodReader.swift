/// Reads the method of a request ahead of llhttp, which knows a fixed list of them and takes any
/// other for garbage. A method that is only unknown has to be answered as one (RFC 9110 §9.1, §15.6.2),
/// on a connection that goes on.
struct MethodReader {
  /// What the first bytes of a message are.
  enum Found: Equatable {
    /// Nothing to say yet: the bytes are held back until the method has ended.
    case incomplete
    /// As llhttp knows it, or no method at all: the bytes held so far are its business.
    case plain(held: [UInt8])
    /// Another token with a blank behind it, both of which `bytes` of the feed complete.
    case other(name: String, held: [UInt8], bytes: Int)
  }

  /// Bytes of a method that is not known to llhttp; a longer one is left to it, which refuses it.
  static let longest = 32

  private(set) var held: [UInt8] = []
  private(set) var isDone = false

  /// The next bytes of a message whose method has not been told; empty lines are not among them.
  mutating func read(_ bytes: UnsafeRawBufferPointer) -> Found {
    guard let end = bytes.firstIndex(where: { !Self.isToken($0) }) else {
      if held.count + bytes.count <= Self.longest {
        held.append(contentsOf: bytes)
        return .incomplete
      }
      return plain()
    }
    let name = String(decoding: held + bytes[..<end], as: UTF8.self)
    if name.isEmpty || name.utf8.count > Self.longest || bytes[end] != 0x20
      || MethodNames.known.contains(name)
    {
      return plain()
    }
    isDone = true
    return .other(name: name, held: held, bytes: end + 1)
  }

  private mutating func plain() -> Found {
    isDone = true
    return .plain(held: held)
  }

  /// `tchar` of RFC 9110 §5.6.2.
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f, 0x60, 0x7c, 0x7e: true
    default: false
    }
  }
}
