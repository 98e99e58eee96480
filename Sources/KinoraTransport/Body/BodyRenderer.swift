import CSys
import Glibc
public import KinoraModel

/// Puts a body behind a descriptor, for a program or a client that can only read files.
public enum BodyRenderer {
  /// Up to this many bytes a body lives in memory (memfd), above it in an unnamed file.
  public static let memoryBytes: Int64 = 64 * 1024

  /// A descriptor at offset 0 that holds the whole body; the caller closes it.
  ///
  /// - Parameter folder: where unnamed files are made (O_TMPFILE)
  /// - Throws: `storageFull` or `storeFailed`.
  public static func descriptor(for body: RequestBody, folder: String) throws(KinoraError) -> Int32
  {
    if body.length <= memoryBytes { return try memory(try body.bytes(), name: "kinora-body") }
    let file = kn_tmpfile(folder, 0o600)
    guard file >= 0 else { throw failure("an unnamed file in \(folder) cannot be made") }
    do throws(KinoraError) {
      let reader = BodyReader(body)
      while let chunk = try reader.next() { try FileWriter.write(chunk, to: file) }
      guard lseek(file, 0, SEEK_SET) == 0 else { throw failure("a body cannot be rewound") }
      return file
    } catch {
      close(file)
      throw error
    }
  }

  /// A sealed descriptor in memory; the caller closes it.
  static func memory(_ bytes: [UInt8], name: String) throws(KinoraError) -> Int32 {
    let file = kn_memfd(name, bytes, bytes.count)
    guard file >= 0 else { throw failure("memory for a request cannot be had") }
    return file
  }

  private static func failure(_ what: String) -> KinoraError {
    let code = errno
    return KinoraError(
      code == ENOSPC || code == EDQUOT ? .storageFull : .storeFailed,
      "\(what): \(String(cString: strerror(code)))")
  }
}

/// Writes whole buffers to files.
enum FileWriter {
  static func write(_ bytes: [UInt8], to file: Int32) throws(KinoraError) {
    var result: KinoraError?
    bytes.withUnsafeBytes { result = write($0, to: file) }
    if let result { throw result }
  }

  /// What failed, or nil.
  static func write(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> KinoraError? {
    var at = 0
    while at < bytes.count {
      let n = Glibc.write(file, bytes.baseAddress.map { $0 + at }, bytes.count - at)
      if n < 0, errno == EINTR { continue }
      guard n > 0 else {
        let code = errno
        return KinoraError(
          code == ENOSPC || code == EDQUOT ? .storageFull : .storeFailed,
          "writing a file failed: \(String(cString: strerror(code)))")
      }
      at += n
    }
    return nil
  }

  /// Makes a file anew, readable by its owner only; -1 with errno when that fails.
  static func create(_ path: String) -> Int32 {
    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
  }
}
