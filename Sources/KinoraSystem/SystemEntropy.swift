import Glibc
public import KinoraModel

/// The kernel's random numbers, by getrandom(2).
public struct SystemEntropy: Entropy {
  /// getentropy(3) gives at most this many bytes a call.
  private static let most = 256

  /// The only one there is.
  public init() {}

  public func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      var generator = SystemRandomNumberGenerator()
      while initialized < count {
        let size = min(Self.most, count - initialized)
        let start = buffer.baseAddress.map { $0 + initialized }
        if getentropy(start, size) == 0 {
          initialized += size
        } else {
          // Not seen on any kernel that runs this; the standard library's source is as strong.
          buffer[initialized] = generator.next()
          initialized += 1
        }
      }
    }
  }
}
