/// The beginning of a data URL (RFC 2397): `data:image/png;base64,`.
enum DataURL {
  /// Bytes within which the comma must come.
  static let longestHead = 256

  /// How a data URL's beginning reads.
  enum Head: Equatable {
    /// Base64 follows at this offset.
    case base64(start: Int)
    /// A data URL that is not base64.
    case other
    /// No data URL.
    case none
    /// It may become one: more bytes are needed.
    case unfinished
  }

  /// Reads the beginning of a string.
  static func head(_ bytes: some Collection<UInt8>) -> Head {
    let scheme = Array("data:".utf8)
    let begin = bytes.prefix(scheme.count).map { $0 | 0x20 }
    guard begin.elementsEqual(scheme.prefix(begin.count).map { $0 | 0x20 }) else { return .none }
    guard let comma = bytes.prefix(longestHead).firstIndex(of: UInt8(ascii: ",")) else {
      return bytes.count < longestHead ? .unfinished : .other
    }
    let type = String(decoding: bytes[..<comma], as: UTF8.self).lowercased()
    guard type.hasSuffix(";base64") else { return .other }
    return .base64(start: bytes.distance(from: bytes.startIndex, to: comma) + 1)
  }
}
