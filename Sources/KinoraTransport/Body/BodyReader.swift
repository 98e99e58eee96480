import Glibc
import KinoraModel

/// Reads a body from start to end, a chunk at a time. Holds one open file and one chunk, whatever
/// the body's size. Confined to the thread that sends.
final class BodyReader {
  /// A multiple of 3, so that base64 groups rarely cross chunks.
  static let chunkBytes = 48 * 1024

  private let body: RequestBody
  private var part = 0
  private var file: Int32 = -1
  private var left: Int64 = 0
  private var encoder: Base64Encoder?
  private var chunk: [UInt8] = []
  private var taken = 0

  init(_ body: RequestBody) { self.body = body }
  deinit { if file >= 0 { close(file) } }

  /// Copies the next bytes into `buffer`; 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(KinoraError) -> Int {
    while taken == chunk.count {
      guard let more = try next() else { return 0 }
      (chunk, taken) = (more, 0)
    }
    let count = min(buffer.count, chunk.count - taken)
    chunk.withUnsafeBytes { bytes in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[taken..<(taken + count)]))
    }
    taken += count
    return count
  }

  /// Starts again, for a request that may be repeated.
  func rewind() {
    closeFile()
    part = 0
    chunk = []
    taken = 0
  }

  /// The next bytes; nil at the end. Never empty.
  func next() throws(KinoraError) -> [UInt8]? {
    while part < body.parts.count {
      switch body.parts[part] {
      case .bytes(let bytes):
        part += 1
        if !bytes.isEmpty { return bytes }
      case .file(let path, let length, let base64):
        if file < 0 { try openFile(path, length, base64) }
        if let bytes = try readFile(path), !bytes.isEmpty { return bytes }
      case .input: part += 1
      }
    }
    return nil
  }

  private func openFile(_ path: String, _ length: Int64, _ base64: Bool) throws(KinoraError) {
    file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    var info = stat()
    guard file >= 0, fstat(file, &info) == 0, info.st_size == Int(length) else {
      closeFile()
      throw KinoraError(.storeFailed, "a stored input is gone or was changed")
    }
    left = length
    encoder = base64 ? Base64Encoder() : nil
  }

  private func readFile(_ path: String) throws(KinoraError) -> [UInt8]? {
    guard left > 0 else {
      var tail: [UInt8] = []
      encoder?.finish(into: &tail)
      closeFile()
      part += 1
      return tail
    }
    let want = Int(min(left, Int64(Self.chunkBytes)))
    let raw = [UInt8](unsafeUninitializedCapacity: want) { buffer, count in
      repeat {
        count = max(-1, Glibc.read(file, buffer.baseAddress, want))
      } while count < 0
        && errno == EINTR
      count = max(0, count)
    }
    guard !raw.isEmpty else { throw KinoraError(.storeFailed, "a stored input was cut short") }
    left -= Int64(raw.count)
    guard encoder != nil else { return raw }
    var text: [UInt8] = []
    text.reserveCapacity(raw.count / 3 * 4 + 4)
    raw.withUnsafeBytes { encoder?.encode($0, into: &text) }
    return text
  }

  private func closeFile() {
    if file >= 0 { close(file) }
    file = -1
    encoder = nil
  }
}
