import CSys
import CSystemd
import Glibc
public import KinoraModel

extension ListenSocket {
  /// The sockets that systemd passed, told apart by LISTEN_FDNAMES alone: with two socket units their
  /// order changes from boot to boot. The environment is cleared of them. None is an empty list.
  /// Throws `configuration` for a name that is not `unix` or `tcp`, a name that comes twice, or a
  /// socket that is not what its name says.
  public static func inherited() throws(KinoraError) -> [ListenSocket] {
    var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    let count = sd_listen_fds_with_names(1, &list)
    defer {
      if let list {
        for i in 0..<max(0, Int(count)) { free(list[i]) }
        free(list)
      }
    }
    if count < 0 {
      throw KinoraError(.configuration, "LISTEN_FDS: \(errnoText(-count))")
    }
    var names: [String] = []
    for i in 0..<Int(count) { names.append(list?[i].map { String(cString: $0) } ?? "") }

    var sockets: [ListenSocket] = []
    let kinds = try kinds(of: names)
    for (i, kind) in kinds.enumerated() {
      let descriptor = firstDescriptor + Int32(i)
      try check(descriptor, kind)
      sockets.append(
        ListenSocket(descriptor: descriptor, kind: kind, isInherited: true, name: ""))
    }
    return sockets
  }

  /// What each name of LISTEN_FDNAMES means. Throws `configuration` for one that is unknown or
  /// comes twice.
  public static func kinds(of names: [String]) throws(KinoraError) -> [Kind] {
    var kinds: [Kind] = []
    for name in names {
      guard let kind = Kind(rawValue: name) else {
        throw KinoraError(
          .configuration,
          "systemd passed a socket named \"\(name)\"; set FileDescriptorName= in its unit",
          field: "LISTEN_FDNAMES", allowed: Kind.allCases.map(\.rawValue))
      }
      if kinds.contains(kind) {
        throw KinoraError(
          .configuration, "systemd passed two sockets named \"\(name)\"", field: "LISTEN_FDNAMES",
          allowed: ["one of each name"])
      }
      kinds.append(kind)
    }
    return kinds
  }

  // SD_LISTEN_FDS_START of sd_listen_fds(3).
  private static let firstDescriptor: Int32 = 3

  private static func check(_ descriptor: Int32, _ kind: Kind) throws(KinoraError) {
    let family = kind == .unix ? AF_UNIX : AF_INET
    let stream = Int32(SOCK_STREAM.rawValue)
    var isRight = sd_is_socket(descriptor, family, stream, 1) > 0
    if !isRight, kind == .tcp { isRight = sd_is_socket(descriptor, AF_INET6, stream, 1) > 0 }
    if !isRight {
      throw KinoraError(
        .configuration,
        "the socket that systemd named \"\(kind.rawValue)\" is not a listening \(kind.rawValue) "
          + "stream socket", field: "LISTEN_FDNAMES")
    }
    let flags = kn_fcntl(descriptor, F_GETFL, 0)
    if flags < 0 || kn_fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 {
      throw KinoraError(.configuration, "fcntl: \(errnoText())", field: "LISTEN_FDNAMES")
    }
  }
}
