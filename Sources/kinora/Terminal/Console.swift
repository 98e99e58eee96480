import Glibc
import Synchronization

/// Standard output is data, standard error is talk.
enum Console {
  /// True where a person reads standard error and the line may be redrawn.
  static var errorIsTerminal: Bool { isatty(2) == 1 && Environment["TERM"] != "dumb" }

  /// True where a person reads standard output.
  static var outputIsTerminal: Bool { isatty(1) == 1 }

  /// True where a person can answer.
  static var canAsk: Bool { isatty(0) == 1 && isatty(2) == 1 }

  /// True where standard output may be coloured (https://no-color.org).
  static var hasColor: Bool {
    outputIsTerminal && (Environment["NO_COLOR"] ?? "").isEmpty && Environment["TERM"] != "dumb"
  }

  /// Columns of the terminal on this descriptor; 80 where nobody knows.
  static func columns(_ descriptor: Int32) -> Int {
    var size = winsize()
    if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    return Environment["COLUMNS"].flatMap { Int($0) } ?? 80
  }

  /// Why data could not be written, as errno; 0 while all of it was.
  static var lost: Int32 { lostData.load(ordering: .relaxed) }
  private static let lostData = Atomic<Int32>(0)

  /// A line of data.
  static func print(_ text: String) { write(1, text + "\n") }

  /// Bytes of data, with a line end if they lack one.
  static func print(_ bytes: [UInt8]) {
    write(1, bytes.last == 0x0a ? bytes : bytes + [0x0a])
  }

  /// A line of talk.
  static func error(_ text: String) { write(2, text + "\n") }

  /// Talk without a line end.
  static func raw(_ text: String) { write(2, text) }

  /// One line from standard input, without its end; nil at the end of input and at a signal.
  static func readAnswer(_ signals: Signals) -> String? {
    var watched = [
      pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    poll(&watched, 2, -1)
    return signals.next() == nil ? readLine(strippingNewline: true) : nil
  }

  private static func write(_ descriptor: Int32, _ text: String) {
    write(descriptor, Array(text.utf8))
  }

  private static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
    bytes.withUnsafeBytes { raw in
      var sent = 0
      while sent < raw.count {
        let count = Glibc.write(descriptor, raw.baseAddress.map { $0 + sent }, raw.count - sent)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 {
          if descriptor == 1 { lostData.store(errno, ordering: .relaxed) }
          return
        }
        sent += count
      }
    }
  }
}
