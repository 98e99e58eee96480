import CSys
import Glibc

extension HTTPPeer {
  /// Asks the kernel who is at the other end; nil when the connection has ended already.
  init?(of descriptor: Int32, isTCP: Bool) {
    if isTCP {
      guard let address = Self.address(descriptor) else { return nil }
      self = .tcp(address: address)
    } else {
      var peer = kn_peer()
      guard kn_peercred(descriptor, &peer) == 0 else { return nil }
      self = .unix(uid: peer.uid, gid: peer.gid, pid: peer.pid)
    }
  }

  private static func address(_ descriptor: Int32) -> String? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { storage in
      let failed = storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getpeername(descriptor, $0, &length)
      }
      if failed != 0 { return nil }
      if Int32(storage.pointee.ss_family) == AF_INET6 {
        return storage.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          "[\(text(AF_INET6, &$0.pointee.sin6_addr))]:\(UInt16(bigEndian: $0.pointee.sin6_port))"
        }
      }
      return storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        "\(text(AF_INET, &$0.pointee.sin_addr)):\(UInt16(bigEndian: $0.pointee.sin_port))"
      }
    }
  }

  private static func text(_ family: Int32, _ address: UnsafeRawPointer) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { name in
      guard let base = name.baseAddress,
        inet_ntop(family, address, base, socklen_t(name.count)) != nil
      else { return "?" }
      return String(cString: base)
    }
  }
}
