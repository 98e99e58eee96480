import CSystemd
import Glibc

extension Log {
  /// The journal's socket of systemd-journald(8).
  private static let journalSocket = "/run/systemd/journal/socket"

  /// Where stderr leads decides: the journal gets structured entries, a terminal gets lines for
  /// people, anything else JSON lines.
  public static func system(identifier: String, minimum: LogLevel = .info) -> Log {
    if isJournal(descriptor: STDERR_FILENO, stream: getenv("JOURNAL_STREAM")) {
      return Log(minimum: minimum) { entry in
        // journald may be gone or not yet there; its stream still takes prefixed lines.
        if access(journalSocket, W_OK) != 0 || !send(entry.journalFields(identifier: identifier)) {
          put(entry.prefixed)
        }
      }
    }
    let isTerminal = isatty(STDERR_FILENO) == 1
    return Log(minimum: minimum) { put(isTerminal ? $0.human : $0.json) }
  }

  // JOURNAL_STREAM is device:inode of the stream that systemd connected (systemd.exec(5)).
  private static func isJournal(
    descriptor: Int32, stream: UnsafeMutablePointer<CChar>?
  ) -> Bool {
    var facts = stat()
    guard let stream, fstat(descriptor, &facts) == 0 else { return false }
    return String(cString: stream) == "\(facts.st_dev):\(facts.st_ino)"
  }

  private static func send(_ fields: [[UInt8]]) -> Bool {
    var bytes = fields.flatMap { $0 }
    return bytes.withUnsafeMutableBytes { buffer in
      var vectors: [iovec] = []
      var start = 0
      for field in fields {
        vectors.append(
          iovec(iov_base: buffer.baseAddress.map { $0 + start }, iov_len: field.count))
        start += field.count
      }
      return sd_journal_sendv(&vectors, Int32(vectors.count)) == 0
    }
  }

  // One write: lines of several threads do not mix below PIPE_BUF, and a full pipe only loses
  // the entry.
  private static func put(_ line: [UInt8]) {
    var sent = 0
    while sent < line.count {
      let count = line.withUnsafeBytes { buffer in
        write(STDERR_FILENO, buffer.baseAddress.map { $0 + sent }, buffer.count - sent)
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return }
      sent += count
    }
  }
}
