import Glibc
import KinoraModel
import KinoraSystem
import Testing

/// Sockets in a folder of their own, which is removed with its content.
private final class Folder {
  let path: String

  init() throws {
    var template = Array("/tmp/kinora-listen-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }

  deinit {
    for name in ["kinora.sock", "target"] { unlink("\(path)/\(name)") }
    rmdir("\(path)/run")
    rmdir(path)
  }

  var socket: String { "\(path)/kinora.sock" }
}

private func mode(_ path: String) -> UInt32 {
  var facts = stat()
  return lstat(path, &facts) == 0 ? facts.st_mode & 0o7777 : 0
}

private func refusal(_ body: () throws -> Void) -> KinoraError? {
  do {
    try body()
    return nil
  } catch { return error as? KinoraError }
}

@Suite struct SystemListenTests {
  @Test("a Unix socket has the mode that was asked for, whatever the umask")
  func modes() throws {
    for wanted: UInt32 in [0o600, 0o660, 0o666] {
      let folder = try Folder()
      let socket = try ListenSocket.bindUnix(path: folder.socket, mode: wanted)
      #expect(mode(folder.socket) == wanted)
      #expect(socket.kind == .unix && !socket.isInherited && socket.name == folder.socket)
      close(socket.descriptor)
      socket.removeFile()
      #expect(mode(folder.socket) == 0)
    }
  }

  @Test("a stale socket is taken over; a live one is refused with the other's pid [P5]")
  func takeover() throws {
    let folder = try Folder()
    let first = try ListenSocket.bindUnix(path: folder.socket, mode: 0o600)
    let error = refusal { _ = try ListenSocket.bindUnix(path: folder.socket, mode: 0o600) }
    #expect(error?.code == .configuration)
    #expect(error?.message.contains("process \(getpid()) ") == true)
    close(first.descriptor)
    let second = try ListenSocket.bindUnix(path: folder.socket, mode: 0o600)
    close(second.descriptor)
  }

  @Test("a file and a symbolic link at the path are left alone")
  func notSockets() throws {
    let folder = try Folder()
    let file = open("\(folder.path)/target", O_CREAT | O_WRONLY, 0o600)
    close(file)
    symlink("\(folder.path)/target", folder.socket)
    let error = refusal { _ = try ListenSocket.bindUnix(path: folder.socket, mode: 0o600) }
    #expect(error?.message.contains("not a socket") == true)
    #expect(mode("\(folder.path)/target") == 0o600)
  }

  @Test("a path of 107 bytes is bound and one of 108 is refused with both numbers")
  func longPath() throws {
    let folder = try Folder()
    let room = ListenSocket.unixPathBytes - folder.path.utf8.count - 1
    let fits = "\(folder.path)/" + String(repeating: "s", count: room)
    let socket = try ListenSocket.bindUnix(path: fits, mode: 0o600)
    close(socket.descriptor)
    socket.removeFile()
    let error = refusal { _ = try ListenSocket.bindUnix(path: fits + "s", mode: 0o600) }
    #expect(error?.message.contains("108 bytes") == true && error?.field == "listen.unix.path")
    #expect(error?.message.contains("at most 107") == true)
  }

  @Test("the socket's folder is made when it is missing, and refused when everybody may write it")
  func folders() throws {
    let folder = try Folder()
    let path = "\(folder.path)/run/kinora.sock"
    let socket = try ListenSocket.bindUnix(path: path, mode: 0o600)
    #expect(mode("\(folder.path)/run") == 0o755)
    close(socket.descriptor)
    socket.removeFile()
    #expect(chmod("\(folder.path)/run", 0o777) == 0)
    let open = refusal { _ = try ListenSocket.bindUnix(path: path, mode: 0o600) }
    #expect(open?.message.contains("written by everybody") == true)
    let deep = refusal {
      _ = try ListenSocket.bindUnix(path: "\(folder.path)/a/b/kinora.sock", mode: 0o600)
    }
    #expect(deep?.message.contains("cannot make the folder") == true)
  }

  @Test("an unknown group, a mode with other bits and a relative path are refused by field")
  func badOptions() throws {
    let folder = try Folder()
    let group = refusal {
      _ = try ListenSocket.bindUnix(path: folder.socket, mode: 0o660, group: "no-such-group")
    }
    #expect(group?.field == "listen.unix.group")
    let bits = refusal { _ = try ListenSocket.bindUnix(path: folder.socket, mode: 0o4755) }
    #expect(bits?.field == "listen.unix.mode")
    let relative = refusal { _ = try ListenSocket.bindUnix(path: "kinora.sock", mode: 0o600) }
    #expect(relative?.field == "listen.unix.path")
    #expect(mode(folder.socket) == 0)
  }

  @Test("TCP is bound on loopback only, and a taken port says so")
  func tcp() throws {
    let socket = try ListenSocket.bindTCP("127.0.0.1:0")
    defer { close(socket.descriptor) }
    #expect(socket.name.hasPrefix("127.0.0.1:") && !socket.name.hasSuffix(":0"))
    let taken = refusal { _ = try ListenSocket.bindTCP(socket.name) }
    #expect(taken?.message.contains("another program listens there") == true)
    for address in ["0.0.0.0:80", "10.0.0.1:80", "127.0.0.1", "127.0.0.1:70000", "example:1", ""] {
      let error = refusal { _ = try ListenSocket.bindTCP(address) }
      #expect(error?.field == "listen.tcp.address", "\(address)")
    }
  }

  @Test("inherited sockets are told apart by their names alone [P5]")
  func names() throws {
    #expect(try ListenSocket.kinds(of: []) == [])
    #expect(try ListenSocket.kinds(of: ["tcp", "unix"]) == [.tcp, .unix])
    #expect(try ListenSocket.kinds(of: ["unix", "tcp"]) == [.unix, .tcp])
    for names in [["unknown"], ["unix", "unix"], ["unix", "http"], [""]] {
      let error = refusal { _ = try ListenSocket.kinds(of: names) }
      #expect(error?.code == .configuration && error?.field == "LISTEN_FDNAMES", "\(names)")
    }
  }
}
