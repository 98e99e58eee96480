/// Streams bytes into base64 (RFC 4648 §4): padded, without line ends.
struct Base64Encoder {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private var rest: [UInt8] = []

  /// Characters that `count` bytes become.
  static func length(_ count: Int64) -> Int64 { (count + 2) / 3 * 4 }

  /// Appends whole groups; up to two bytes wait for the next call.
  mutating func encode(_ bytes: UnsafeRawBufferPointer, into out: inout [UInt8]) {
    var at = 0
    while !rest.isEmpty, rest.count < 3, at < bytes.count {
      rest.append(bytes[at])
      at += 1
    }
    if rest.count == 3 {
      Self.group(rest[0], rest[1], rest[2], &out)
      rest.removeAll(keepingCapacity: true)
    }
    guard rest.isEmpty else { return }
    while at + 3 <= bytes.count {
      Self.group(bytes[at], bytes[at + 1], bytes[at + 2], &out)
      at += 3
    }
    rest.append(contentsOf: bytes[at...])
  }

  /// Appends the last group with its padding.
  mutating func finish(into out: inout [UInt8]) {
    guard !rest.isEmpty else { return }
    let padding = 3 - rest.count
    Self.group(rest[0], rest.count > 1 ? rest[1] : 0, 0, &out)
    out.replaceSubrange(
      (out.count - padding)..., with: repeatElement(UInt8(ascii: "="), count: padding))
    rest.removeAll(keepingCapacity: true)
  }

  private static func group(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ out: inout [UInt8]) {
    out.append(alphabet[Int(a >> 2)])
    out.append(alphabet[Int((a & 3) << 4 | b >> 4)])
    out.append(alphabet[Int((b & 15) << 2 | c >> 6)])
    out.append(alphabet[Int(c & 63)])
  }
}
