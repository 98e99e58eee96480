public import KinoraModel

/// A host in its one spelling: a lower-case name, or an address.
public enum OutboundHost: Sendable, Hashable {
  /// ASCII labels, no dot at the end.
  case name(String)
  case address(IPAddress)

  /// Reads a name, an IPv4 address in any form that some parser accepts (`127.1`, `0x7f.1`,
  /// `2130706433`, `0177.0.0.1`), or an IPv6 address in brackets without a zone.
  ///
  /// The odd forms are read as `inet_aton` reads them, so that a checker and a resolver cannot
  /// disagree. Throws `urlRefused`.
  public init(_ text: String) throws(KinoraError) {
    if text.hasPrefix("[") {
      guard text.hasSuffix("]"), let address = IPAddress(v6: String(text.dropFirst().dropLast()))
      else { throw OutboundURL.refusal("the host is not an IPv6 address") }
      self = .address(address)
      return
    }
    var host = text.lowercased()
    if host.hasSuffix(".") { host.removeLast() }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard !host.isEmpty, host.utf8.count <= 253, labels.allSatisfy(Self.isLabel) else {
      throw OutboundURL.refusal(
        "the host is not a name of letters, digits and hyphens (write an international name as xn--)"
      )
    }
    guard let last = labels.last, Self.looksNumeric(last) else {
      self = .name(host)
      return
    }
    guard let address = IPAddress(oddV4: labels) else {
      throw OutboundURL.refusal("the host ends in a number but is not an IPv4 address")
    }
    self = .address(address)
  }

  /// As it stands in an address, IPv6 in brackets.
  public var urlText: String {
    switch self {
    case .name(let name): name
    case .address(.v4(let bits)): IPAddress.v4(bits).description
    case .address(let address): "[\(address)]"
    }
  }

  /// True for `localhost`, `x.localhost` and loopback addresses.
  public var isLoopback: Bool {
    switch self {
    case .name(let name): name == "localhost" || name.hasSuffix(".localhost")
    case .address(let address): address.isLoopback
    }
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count)
      && label.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
      }
  }

  private static func looksNumeric(_ label: Substring) -> Bool {
    label.utf8.allSatisfy { (0x30...0x39).contains($0) }
      || (label.hasPrefix("0x") && label.utf8.dropFirst(2).allSatisfy(PercentCoding.isHex))
  }
}
