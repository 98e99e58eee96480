import Glibc
import KinoraModel

/// The files that parts of one answer go to.
struct SpoolFiles {
  private let limit: Int64
  private let newPath: @Sendable () -> String
  private var file: Int32 = -1
  private var total: Int64 = 0
  private(set) var list: [ProviderResponse.Spool] = []

  init(limit: Int64, newPath: @escaping @Sendable () -> String) {
    self.limit = limit
    self.newPath = newPath
  }

  /// Starts the next file, at `path` or at a new one.
  mutating func begin(at path: String?) throws(KinoraError) {
    let path = path ?? newPath()
    file = FileWriter.create(path)
    guard file >= 0 else {
      let code = errno
      throw KinoraError(
        code == ENOSPC ? .storageFull : .storeFailed,
        "a file for an answer cannot be made: \(String(cString: strerror(code)))")
    }
    list.append(.init(ref: "out\(list.count)", pointer: "", length: 0, path: path))
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(KinoraError) {
    total += Int64(bytes.count)
    guard total <= limit else {
      throw KinoraError(.tooLarge, "the provider's answer is longer than \(limit) bytes")
    }
    if let failed = FileWriter.write(bytes, to: file) { throw failed }
    list[list.count - 1].length += Int64(bytes.count)
  }

  mutating func closeFile() throws(KinoraError) {
    guard file >= 0 else { return }
    let failed = close(file) != 0
    file = -1
    if failed { throw KinoraError(.storeFailed, "a file for an answer was not written whole") }
  }

  mutating func discard() {
    if file >= 0 { close(file) }
    file = -1
    for spool in list { unlink(spool.path) }
    list = []
  }
}
