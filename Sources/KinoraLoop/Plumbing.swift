import CSys
import Glibc

/// The descriptors behind a child's stdin, stdout and stderr.
struct Plumbing {
  struct Ends {
    let read: Int32
    let write: Int32
  }
  let null: Int32
  let output: Ends?
  let error: Ends

  init(wantsOutput: Bool) throws(SystemError) {
    let null = try checked("open") { open("/dev/null", O_RDWR | O_CLOEXEC) }
    var output: Ends?
    do throws(SystemError) {
      output = wantsOutput ? try Self.pipe() : nil
      error = try Self.pipe()
    } catch {
      close(null)
      if let output {
        close(output.read)
        close(output.write)
      }
      throw error
    }
    self.null = null
    self.output = output
  }

  private static func pipe() throws(SystemError) -> Ends {
    var ends: (Int32, Int32) = (-1, -1)
    let failed = withUnsafeMutablePointer(to: &ends) { pair in
      pair.withMemoryRebound(to: Int32.self, capacity: 2) { kn_pipe($0) }
    }
    if failed != 0 { throw SystemError("pipe2", errno: errno) }
    return Ends(read: ends.0, write: ends.1)
  }

  /// What only the child needs; without this the pipes would never end.
  func closeChildEnds() {
    close(null)
    close(error.write)
    if let output { close(output.write) }
  }

  func closeOurEnds() {
    close(error.read)
    if let output { close(output.read) }
  }
}

/// Null-terminated arrays of C strings for the time of one call.
enum CStrings {
  typealias Vector = UnsafePointer<UnsafeMutablePointer<CChar>?>

  static func with<T>(
    _ a: [String], _ b: [String], _ body: (Vector, Vector) throws(SystemError) -> T
  ) throws(SystemError) -> T {
    let first = a.map { strdup($0) } + [nil]
    let second = b.map { strdup($0) } + [nil]
    defer { for text in first + second { free(text) } }
    return try first.withUnsafeBufferPointer { (x) throws(SystemError) -> T in
      try second.withUnsafeBufferPointer { (y) throws(SystemError) -> T in
        guard let x = x.baseAddress, let y = y.baseAddress else {
          throw SystemError("posix_spawn", errno: EINVAL)
        }
        return try body(x, y)
      }
    }
  }
}
