/// Which addresses a connection may lead to. Checked on the address really dialled, since a name may
/// resolve to anything.
enum PeerRule: Sendable, Equatable {
  /// Public addresses only.
  case publicOnly
  /// Loopback only: a provider that was configured there.
  case loopbackOnly
  /// Public addresses, and loopback for tests.
  case publicOrLoopback
  /// Anything: allowed by configuration, or a proxy dials in our place.
  case any

  /// Why `address` may not be dialled; nil when it may.
  func refusal(_ address: IPAddress) -> String? {
    switch self {
    case .any: nil
    case .loopbackOnly: address.isLoopback ? nil : "\(address) is not a loopback address"
    case .publicOrLoopback where address.isLoopback: nil
    case .publicOnly, .publicOrLoopback:
      AddressGuard.reason(address).map { "\(address) is not public (\($0))" }
    }
  }
}
