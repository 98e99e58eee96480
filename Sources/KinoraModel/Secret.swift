/// A credential. Prints as `***`, is not Codable, compares in constant time.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  private let bytes: [UInt8]

  /// Wraps a secret's text.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// The text, for the one place that puts it on the wire.
  public func reveal() -> String { String(decoding: bytes, as: UTF8.self) }

  /// True for equal secrets; takes as long for a near miss as for a far one.
  public func matches(_ other: Secret) -> Bool {
    var difference = UInt8(bytes.count == other.bytes.count ? 0 : 1)
    for i in bytes.indices {
      difference |= bytes[i] ^ (i < other.bytes.count ? other.bytes[i] : 0)
    }
    return difference == 0
  }

  public var description: String { "***" }
  public var debugDescription: String { "***" }
}
