import CSys
import Glibc
public import KinoraModel

/// A listening socket, non-blocking and close-on-exec.
public struct ListenSocket: Sendable, Equatable {
  /// Who may come, and how they are known.
  public enum Kind: String, Sendable, CaseIterable {
    /// A Unix socket: the kernel tells who the peer is.
    case unix
    /// Loopback TCP: a key tells.
    case tcp
  }

  /// The descriptor; owned by whoever serves it.
  public let descriptor: Int32
  /// The kind.
  public let kind: Kind
  /// True when it came from systemd, which keeps it over a restart: connections wait in its queue.
  public let isInherited: Bool
  /// The path of a bound Unix socket, `address:port` of a bound TCP socket, empty when inherited.
  public let name: String

  /// Most connections that may wait to be accepted; the kernel caps it at net.core.somaxconn.
  static let backlog: Int32 = 4096

  /// Takes the file of a Unix socket away, if it is ours: an inherited one belongs to systemd.
  public func removeFile() {
    if kind == .unix, !isInherited { unlink(name) }
  }
}

extension ListenSocket {
  /// Binds loopback TCP, such as `127.0.0.1:8317`; port 0 takes any free one, which `name` then says.
  /// Throws `configuration` for another address, or when the port is taken.
  public static func bindTCP(_ address: String) throws(KinoraError) -> ListenSocket {
    guard let colon = address.lastIndex(of: ":"),
      let port = UInt16(address[address.index(after: colon)...]),
      let host = loopback(String(address[..<colon]))
    else {
      throw KinoraError(
        .configuration, "\(address) is not a loopback address with a port",
        field: "listen.tcp.address", allowed: ["127.0.0.1:PORT", "localhost:PORT"])
    }
    let descriptor = kn_listen_tcp(host, port, backlog)
    if descriptor < 0 {
      let why =
        errno == EADDRINUSE ? "another program listens there" : errnoText()
      throw KinoraError(
        .configuration, "cannot listen on \(address): \(why)", field: "listen.tcp.address")
    }
    return ListenSocket(
      descriptor: descriptor, kind: .tcp, isInherited: false,
      name: "\(address[..<colon]):\(kn_local_port(descriptor))")
  }

  // 127.0.0.0/8 as the kernel wants it, in host byte order.
  private static func loopback(_ host: String) -> UInt32? {
    if host == "localhost" { return 0x7f00_0001 }
    var address = in_addr()
    guard inet_pton(AF_INET, host, &address) == 1 else { return nil }
    let value = UInt32(bigEndian: address.s_addr)
    return value >> 24 == 127 ? value : nil
  }
}
