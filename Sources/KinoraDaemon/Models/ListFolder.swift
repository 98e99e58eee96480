import Glibc
import KinoraModel

/// Answers that were kept, a file for each provider: `{"url","at","answer"}`. A file that cannot be
/// read is none, since everything in it can be asked for again.
struct ListFolder: Sendable {
  struct Kept: Sendable {
    /// Where it was asked; a list of another address does not count.
    var url: String
    /// When, milliseconds since 1970.
    var at: Milliseconds
    /// The body as it came.
    var answer: [UInt8]
  }
  private let path: String

  init(_ path: String) { self.path = path }

  func read(_ provider: String) -> Kept? {
    guard let bytes = ConfigurationFiles.read(file(provider)), let json = try? JSON.parse(bytes),
      let url = json["url"]?.string, let at = json["at"]?.integer,
      let answer = json["answer"]?.string
    else { return nil }
    return Kept(url: url, at: at, answer: Array(answer.utf8))
  }

  /// Replaces it whole. Throws `storeFailed`.
  func write(_ provider: String, _ kept: Kept) throws(KinoraError) {
    _ = mkdir(path, 0o700)
    let json: JSON = [
      "url": .string(kept.url), "at": .integer(kept.at),
      "answer": .string(String(decoding: kept.answer, as: UTF8.self)),
    ]
    let fresh = file(provider) + ".new"
    let fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard fd >= 0 else { throw failed(fresh) }
    let bytes = json.bytes
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(fd, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      guard count > 0 else { break }
      done += count
    }
    close(fd)
    guard done == bytes.count, rename(fresh, file(provider)) == 0 else { throw failed(fresh) }
  }

  private func file(_ provider: String) -> String { "\(path)/\(provider).json" }

  private func failed(_ path: String) -> KinoraError {
    KinoraError(.storeFailed, "\(path): \(String(cString: strerror(errno)))")
  }
}
