import Glibc
import KinoraModel

/// Media of a request in a temporary file, which is removed with this value unless it was adopted.
final class UploadedFile: Sendable {
  /// What the file holds.
  enum Content: Sendable {
    /// The medium itself.
    case raw
    /// Its base64 text.
    case base64
  }

  let path: String
  let content: Content
  /// Bytes in the file.
  let length: Int64

  init(path: String, content: Content, length: Int64) {
    self.path = path
    self.content = content
    self.length = length
  }

  deinit { unlink(path) }
}

/// Writes such a file. One thread at a time.
final class UploadWriter {
  private let path: String
  private let content: UploadedFile.Content
  private let limit: Int64
  private var descriptor: Int32 = -1
  private var length: Int64 = 0

  /// A file that is made with the first write. `field` is what an error names.
  init(path: String, content: UploadedFile.Content, limit: Int64) {
    self.path = path
    self.content = content
    self.limit = limit
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(path)
  }

  /// Adds bytes. Throws `tooLarge`, `storageFull` or `internalError`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(KinoraError) {
    length += Int64(bytes.count)
    guard length <= limit else {
      throw KinoraError(
        .tooLarge, "an input may have at most \(Limits.inputBytes) bytes",
        allowed: ["up to \(Limits.inputBytes) bytes"])
    }
    try create()
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, part.baseAddress, part.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(errno) }
      rest = rest.dropFirst(count)
    }
  }

  /// The finished file.
  func finish() throws(KinoraError) -> UploadedFile {
    try create()
    let file = UploadedFile(path: path, content: content, length: length)
    close(descriptor)
    descriptor = -1
    return file
  }

  private func create() throws(KinoraError) {
    guard descriptor < 0 else { return }
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if descriptor < 0 { throw Self.failure(errno) }
  }

  private static func failure(_ code: Int32) -> KinoraError {
    code == ENOSPC || code == EDQUOT
      ? KinoraError(.storageFull, "no space is left for the upload", retryAfter: 60)
      : KinoraError(.internalError, "the upload cannot be written (errno \(code))")
  }
}

extension UploadWriter {
  /// Adds bytes of an array. Throws as `write` does.
  func write(_ bytes: ArraySlice<UInt8>) throws(KinoraError) {
    // `withUnsafeBytes` rethrows without the error's type.
    let result = bytes.withUnsafeBytes { raw -> Result<Void, KinoraError> in
      do throws(KinoraError) {
        return .success(try write(raw))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }
}
