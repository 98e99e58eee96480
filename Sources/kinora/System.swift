import CSys
import Glibc
import KinoraModel

/// The environment that the program was started with.
enum Environment {
  /// A variable, or nil.
  static subscript(name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// All of it as `NAME=VALUE`.
  static var all: [String] {
    var list: [String] = []
    var at = environ
    while let entry = at.pointee {
      list.append(String(cString: entry))
      at += 1
    }
    return list
  }
}

/// Text for a shell.
enum Shell {
  /// The word in single quotes where it needs them.
  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
      default: "-_./:,=@%+".utf8.contains(byte)
      }
    }
    if plain, !word.isEmpty { return word }
    return "'"
      + word.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }
}

/// What the system says about an error number.
func systemMessage(_ number: Int32) -> String { String(cString: strerror(number)) }

/// Milliseconds of a clock.
enum Now {
  /// Since 1970 UTC.
  static var wall: Milliseconds { read(CLOCK_REALTIME) }
  /// Never set back; for waiting.
  static var steady: Milliseconds { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Milliseconds {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// Hexadecimal digits of fresh random bytes.
func randomToken(bytes count: Int) -> String {
  var generator = SystemRandomNumberGenerator()
  return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }.hexadecimal
}

/// The system's number of the last call that failed; to be read at once.
func systemErrorNumber() -> Int32 { errno }
