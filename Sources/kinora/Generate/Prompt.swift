import Glibc

/// The prompt of a command: its operand or, where that is `-`, what standard input has.
enum Prompt {
  /// Bytes that are read; no model takes as much.
  private static let most = 256 << 10

  /// Throws where standard input has no text, too much of it, or what is not UTF-8: a mended prompt
  /// would be paid for.
  static func read(_ operand: String) throws(Failure) -> String {
    guard operand == "-" else { return operand }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while bytes.count <= most {
      let count = Glibc.read(0, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system("cannot read the prompt from standard input", errno) }
      if count == 0 { break }
      bytes += buffer[0..<count]
    }
    guard bytes.count <= most else {
      throw .usage("the prompt at standard input has over \(most >> 10) KiB")
    }
    while let last = bytes.last, last == 0x0a || last == 0x0d { bytes.removeLast() }
    guard !bytes.isEmpty else { throw .usage("the prompt at standard input is empty") }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .usage("the prompt at standard input is not UTF-8")
    }
    return text
  }
}
