/// Tells public addresses from all others.
///
/// The ranges are those of the IANA special-purpose registries (RFC 6890 and its updates), with the
/// ones that carry another address inside: a translated or tunnelled address may lead anywhere.
public enum AddressGuard {
  /// What kind of non-public address it is (`loopback`, `private`, …); nil for a public one.
  public static func reason(_ address: IPAddress) -> String? {
    switch address {
    case .v4(let bits):
      return v4.first { bits >> (32 - $0.length) == $0.prefix >> (32 - $0.length) }?.what
    case .v6(let high, let low):
      if high == 0, low >> 32 == 0xffff { return "IPv4-mapped" }
      if high == 0, low == 0 { return "unspecified" }
      if high == 0, low == 1 { return "loopback" }
      if high == 0, low >> 32 == 0 { return "IPv4-compatible" }
      if high == 0x0064_ff9b_0000_0000, low >> 32 == 0 { return "NAT64" }
      let known = v6.first { high >> (64 - $0.length) == $0.prefix >> (64 - $0.length) }
      if let known { return known.what }
      return high >> 61 == 1 ? nil : "reserved"
    }
  }

  /// The same for an address as text; text that is no address is not public.
  public static func reason(_ text: String) -> String? {
    guard let address = IPAddress(text) else { return "unreadable" }
    return reason(address)
  }

  private static let v4: [(prefix: UInt32, length: UInt32, what: String)] = [
    (0x0000_0000, 8, "unspecified"),  // 0.0.0.0/8
    (0x0a00_0000, 8, "private"),  // 10.0.0.0/8
    (0x6440_0000, 10, "shared"),  // 100.64.0.0/10
    (0x7f00_0000, 8, "loopback"),  // 127.0.0.0/8
    (0xa9fe_0000, 16, "link-local"),  // 169.254.0.0/16
    (0xac10_0000, 12, "private"),  // 172.16.0.0/12
    (0xc000_0000, 24, "reserved"),  // 192.0.0.0/24
    (0xc000_0200, 24, "documentation"),  // 192.0.2.0/24
    (0xc058_6300, 24, "6to4 relay"),  // 192.88.99.0/24
    (0xc0a8_0000, 16, "private"),  // 192.168.0.0/16
    (0xc612_0000, 15, "benchmarking"),  // 198.18.0.0/15
    (0xc633_6400, 24, "documentation"),  // 198.51.100.0/24
    (0xcb00_7100, 24, "documentation"),  // 203.0.113.0/24
    (0xe000_0000, 4, "multicast"),  // 224.0.0.0/4
    (0xf000_0000, 4, "reserved"),  // 240.0.0.0/4, broadcast
  ]

  private static let v6: [(prefix: UInt64, length: UInt64, what: String)] = [
    (0x0064_ff9b_0001_0000, 48, "NAT64"),  // 64:ff9b:1::/48
    (0x0100_0000_0000_0000, 64, "discard"),  // 100::/64
    (0x2001_0000_0000_0000, 23, "reserved"),  // 2001::/23, Teredo among them
    (0x2001_0db8_0000_0000, 32, "documentation"),  // 2001:db8::/32
    (0x2002_0000_0000_0000, 16, "6to4"),  // 2002::/16
    (0x3fff_0000_0000_0000, 20, "documentation"),  // 3fff::/20
    (0xfc00_0000_0000_0000, 7, "private"),  // fc00::/7, fd00:ec2::254 among them
    (0xfe80_0000_0000_0000, 10, "link-local"),  // fe80::/10
    (0xfec0_0000_0000_0000, 10, "site-local"),  // fec0::/10
    (0xff00_0000_0000_0000, 8, "multicast"),  // ff00::/8
  ]
}
