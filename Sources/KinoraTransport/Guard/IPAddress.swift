import Glibc

/// An IPv4 or IPv6 address.
public enum IPAddress: Sendable, Hashable, CustomStringConvertible {
  /// Host byte order.
  case v4(UInt32)
  /// The upper and the lower 64 bits.
  case v6(UInt64, UInt64)

  /// An address in its usual text, as the system prints it: `192.0.2.1` or `2001:db8::1`.
  public init?(_ text: String) {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      self = .v4(UInt32(bigEndian: four.s_addr))
    } else if let six = IPAddress(v6: text) {
      self = six
    } else {
      return nil
    }
  }

  /// An IPv6 address without brackets and without a zone.
  init?(v6 text: String) {
    var bytes: [UInt8] = Array(repeating: 0, count: 16)
    guard !text.contains("%"), inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
    self.init(v6: bytes)
  }

  /// 16 bytes in network order.
  init(v6 bytes: some Sequence<UInt8>) {
    var halves: (UInt64, UInt64) = (0, 0)
    for byte in bytes {
      halves.0 = halves.0 << 8 | halves.1 >> 56
      halves.1 = halves.1 << 8 | UInt64(byte)
    }
    self = .v6(halves.0, halves.1)
  }

  /// One to four parts, decimal, octal (`0…`) or hexadecimal (`0x…`); the last one fills the rest.
  init?(oddV4 parts: [Substring]) {
    guard (1...4).contains(parts.count) else { return nil }
    var bits: UInt64 = 0
    for (i, part) in parts.enumerated() {
      guard let number = Self.number(part) else { return nil }
      let isLast = i == parts.count - 1
      let room = UInt64(isLast ? 8 * (4 - i) : 8)
      guard number < 1 << room else { return nil }
      bits = bits << room | number
    }
    self = .v4(UInt32(bits))
  }

  private static func number(_ text: Substring) -> UInt64? {
    if text.hasPrefix("0x") {
      return text.count == 2 ? 0 : UInt64(text.dropFirst(2), radix: 16)
    }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return text.count > 1 && text.hasPrefix("0") ? UInt64(text, radix: 8) : UInt64(text)
  }

  /// 127.0.0.0/8 or ::1.
  public var isLoopback: Bool {
    switch self {
    case .v4(let bits): bits >> 24 == 127
    case .v6(let high, let low): high == 0 && low == 1
    }
  }

  /// The usual text (RFC 5952 for IPv6).
  public var description: String {
    var text: [CChar] = Array(repeating: 0, count: Int(INET6_ADDRSTRLEN))
    switch self {
    case .v4(let bits):
      var address = in_addr(s_addr: bits.bigEndian)
      inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
    case .v6(let high, let low):
      var halves = [high.bigEndian, low.bigEndian]
      inet_ntop(AF_INET6, &halves, &text, socklen_t(text.count))
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
