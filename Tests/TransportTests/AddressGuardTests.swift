import KinoraModel
import KinoraTransport
import Testing

@Suite struct AddressGuardTests {
  /// Hosts as a user may write them, and what they really are; nil for public ones.
  static let table: [(String, String?)] = [
    ("0.0.0.0", "unspecified"), ("0.1.2.3", "unspecified"), ("10.0.0.1", "private"),
    ("10.255.255.255", "private"), ("9.255.255.255", nil), ("11.0.0.0", nil),
    ("100.63.255.255", nil), ("100.64.0.0", "shared"), ("100.127.255.255", "shared"),
    ("100.128.0.0", nil), ("126.255.255.255", nil), ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"), ("128.0.0.0", nil), ("169.253.255.255", nil),
    ("169.254.169.254", "link-local"), ("169.255.0.0", nil), ("172.15.255.255", nil),
    ("172.16.0.0", "private"), ("172.31.255.255", "private"), ("172.32.0.0", nil),
    ("192.0.0.1", "reserved"), ("192.0.0.170", "reserved"), ("192.0.1.0", nil),
    ("192.0.2.1", "documentation"), ("192.88.99.1", "6to4 relay"), ("192.167.255.255", nil),
    ("192.168.0.1", "private"), ("192.168.255.255", "private"), ("192.169.0.0", nil),
    ("198.17.255.255", nil), ("198.18.0.0", "benchmarking"), ("198.19.255.255", "benchmarking"),
    ("198.20.0.0", nil), ("198.51.100.7", "documentation"), ("203.0.113.9", "documentation"),
    ("223.255.255.255", nil), ("224.0.0.1", "multicast"), ("239.255.255.255", "multicast"),
    ("240.0.0.1", "reserved"), ("255.255.255.255", "reserved"), ("1.1.1.1", nil), ("8.8.8.8", nil),
    // Forms that only some parsers read.
    ("127.1", "loopback"), ("127.0.1", "loopback"), ("2130706433", "loopback"),
    ("0x7f000001", "loopback"), ("0x7f.1", "loopback"), ("0177.0.0.1", "loopback"),
    ("0177.1", "loopback"), ("017700000001", "loopback"), ("0X7F.0.0.1", "loopback"),
    ("0", "unspecified"), ("0x0", "unspecified"), ("0x", "unspecified"), ("10.1", "private"),
    ("167772161", "private"), ("0xa000001", "private"), ("012.0.0.1", "private"),
    ("0xa9fea9fe", "link-local"), ("2852039166", "link-local"), ("169.254.43518", "link-local"),
    ("0251.0376.0251.0376", "link-local"), ("192.168.257", "private"), ("3232235777", "private"),
    ("4294967295", "reserved"), ("127.0.0.1.", "loopback"), ("134744072", nil),
    // IPv6.
    ("[::]", "unspecified"), ("[::1]", "loopback"), ("[0:0:0:0:0:0:0:1]", "loopback"),
    ("[::2]", "IPv4-compatible"), ("[::127.0.0.1]", "IPv4-compatible"),
    ("[::ffff:10.0.0.1]", "IPv4-mapped"), ("[::ffff:7f00:1]", "IPv4-mapped"),
    ("[::FFFF:8.8.8.8]", "IPv4-mapped"), ("[64:ff9b::7f00:1]", "NAT64"),
    ("[64:ff9b::8.8.8.8]", "NAT64"), ("[64:ff9b:1::1]", "NAT64"), ("[100::1]", "discard"),
    ("[2001::1]", "reserved"), ("[2001:0:53aa:64c:0:fbff:fe00:1]", "reserved"),
    ("[2001:db8::1]", "documentation"), ("[2001:4860:4860::8888]", nil), ("[2002::1]", "6to4"),
    ("[2002:7f00:1::]", "6to4"), ("[2002:a9fe:a9fe::1]", "6to4"), ("[2606:4700::1111]", nil),
    ("[3fff::1]", "documentation"), ("[3fff:fff:ffff::1]", "documentation"),
    ("[4000::1]", "reserved"),
    ("[5f00::1]", "reserved"), ("[fc00::1]", "private"), ("[fd00:ec2::254]", "private"),
    ("[fdff:ffff::1]", "private"), ("[fe80::1]", "link-local"), ("[febf::1]", "link-local"),
    ("[fec0::1]", "site-local"), ("[ff02::1]", "multicast"), ("[::ffff:0:127.0.0.1]", "reserved"),
    ("[1::1]", "reserved"), ("[e000::1]", "reserved"),
  ]

  @Test("every form of an address is judged by the address it is [P15]", arguments: table)
  func classified(host: String, what: String?) throws {
    let url = try OutboundURL("https://\(host)/x")
    guard case .address(let address) = url.host else {
      Issue.record("\(host) was read as a name")
      return
    }
    #expect(AddressGuard.reason(address) == what)
    #expect(AddressGuard.reason(address.description) == what)
  }

  @Test(
    "what is no address and no name is refused [P15]",
    arguments: [
      "", "256.1.1.1", "1.2.3.4.5", "127.0.0.0x100", "08.1.1.1", "0x1ffffffff", "4294967296",
      "1.2.3.256", "127.0.0..1", ".", "..", "a..b", "-_-.5", "[::1", "[::1%lo]", "[fe80::1%25eth0]",
      "[127.0.0.1]", "[]", "[v1.x]", "ex ample.com", "exa\u{3002}mple.com", "\u{2460}.com",
      "ex%61mple.com", "ex\u{0}ample", "a,b", "a;b", "*.example.com", "ｅxample.com",
      String(repeating: "a", count: 64) + ".com", String(repeating: "a.", count: 127) + "com",
    ])
  func notAHost(host: String) {
    #expect(throws: KinoraError.self) { try OutboundURL("https://\(host)/x") }
  }
}
