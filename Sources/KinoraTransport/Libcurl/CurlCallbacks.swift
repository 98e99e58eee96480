import CCurl
import Glibc

// libcurl calls these with the transfer as context, on the thread that drives the handle. Free
// functions, since a closure made elsewhere may be tied to that place's actor.

private func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
  context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
}

func curlTransferHeader(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
  return transfer(context)?.takeHeader(line) == true ? size * count : 0
}

func curlTransferWrite(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
  // Any number but the one given ends the transfer; 0 would not for an empty chunk.
  return transfer(context)?.takeBody(chunk) == true ? size * count : size * count + 1
}

func curlTransferRead(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  let room = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
  return transfer(context)?.giveBody(room) ?? Int(CURL_READFUNC_ABORT)
}

func curlTransferSeek(
  _ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32
) -> Int32 {
  guard offset == 0, origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
  transfer(context)?.body.rewind()
  return CURL_SEEKFUNC_OK
}

func curlTransferRefuseSeek(
  _ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32
) -> Int32 { CURL_SEEKFUNC_FAIL }

func curlTransferBefore(
  _ context: UnsafeMutableRawPointer?, _ peer: UnsafeMutablePointer<CChar>?,
  _ local: UnsafeMutablePointer<CChar>?, _ peerPort: Int32, _ localPort: Int32
) -> Int32 {
  let address = peer.map { String(cString: $0) } ?? ""
  return transfer(context)?.mayBegin(address) == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

func curlTransferProgress(
  _ context: UnsafeMutableRawPointer?, _ down: curl_off_t, _ got: curl_off_t, _ up: curl_off_t,
  _ sent: curl_off_t
) -> Int32 { transfer(context)?.isOverdue() == true ? 1 : 0 }

func curlTransferSocket(
  _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
  _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let address, let at = MemoryLayout<curl_sockaddr>.offset(of: \.addr),
    let transfer = transfer(context),
    let target = IPAddress(socketAddress: UnsafeRawPointer(address) + at),
    transfer.mayConnect(target)
  else { return CURL_SOCKET_BAD }
  let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
  return socket(address.pointee.family, kind, address.pointee.protocol)
}

extension IPAddress {
  /// From a `sockaddr_in` or `sockaddr_in6`; nil for another family.
  init?(socketAddress: UnsafeRawPointer) {
    switch Int32(socketAddress.load(as: sockaddr.self).sa_family) {
    case AF_INET:
      let four = socketAddress.loadUnaligned(as: sockaddr_in.self)
      self = .v4(UInt32(bigEndian: four.sin_addr.s_addr))
    case AF_INET6:
      let six = socketAddress.loadUnaligned(as: sockaddr_in6.self)
      self = withUnsafeBytes(of: six.sin6_addr) { IPAddress(v6: $0) }
    default: return nil
    }
  }
}
