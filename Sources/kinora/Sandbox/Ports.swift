import CSys
import Glibc

/// Ports of 127.0.0.1.
enum Ports {
  private static let loopback: UInt32 = 0x7f00_0001

  /// True when nobody listens there.
  static func isFree(_ port: UInt16) -> Bool { bound(port) != nil }

  /// The wanted one when it is free, else any.
  static func free(_ wanted: UInt16?) throws(Failure) -> UInt16 {
    if let wanted, isFree(wanted) { return wanted }
    guard let port = bound(0) else { throw .system("no free port", errno, .jobFailed) }
    return port
  }

  /// True when somebody takes connections there.
  static func answers(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = loopback.bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  private static func bound(_ port: UInt16) -> UInt16? {
    let descriptor = kn_listen_tcp(loopback, port, 1)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return UInt16(exactly: kn_local_port(descriptor))
  }
}
