import Glibc
public import KinoraModel

/// The body of a request: pieces whose whole length is known before the first byte goes out.
public struct RequestBody: Sendable {
  /// The pieces in order.
  let parts: [ProviderRequest.Part]
  /// Bytes of all of them.
  public let length: Int64

  /// Measures the pieces. Throws `pluginFault` for an input that was not looked up.
  public init(_ parts: [ProviderRequest.Part]) throws(KinoraError) {
    var length: Int64 = 0
    for part in parts {
      switch part {
      case .bytes(let bytes): length += Int64(bytes.count)
      case .file(_, let count, let base64): length += base64 ? Base64Encoder.length(count) : count
      case .input(let ref, _):
        throw KinoraError(
          .pluginFault, "the body names the input \(ref), which the job does not have")
      }
    }
    self.parts = parts
    self.length = length
  }

  /// No body.
  static let none = RequestBody()
  private init() {
    parts = []
    length = 0
  }

  /// Throws `storeFailed` when a file is gone or has another length: better before a permit is asked
  /// than in the middle of a paid request.
  func checkFiles() throws(KinoraError) {
    for case .file(let path, let length, _) in parts {
      var info = stat()
      guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_size == Int(length)
      else { throw KinoraError(.storeFailed, "a stored input is gone or was changed") }
    }
  }

  /// The whole body; for small ones.
  func bytes() throws(KinoraError) -> [UInt8] {
    let reader = BodyReader(self)
    var all: [UInt8] = []
    all.reserveCapacity(Int(length))
    while let chunk = try reader.next() { all += chunk }
    return all
  }
}
