import Glibc
import Synchronization

/// The argument lists and environments of the curl processes that talk to a test's server. Other
/// tests run curl at the same time, so a process is known by the socket that it holds.
final class ProcessTexts: Sendable {
  private struct State {
    var list: Set<String> = []
    var pids: Set<Int32> = []
  }
  private let state = Mutex(State())
  var list: Set<String> { state.withLock { $0.list } }
  var pids: Set<Int32> { state.withLock { $0.pids } }

  /// Looks for the process at the other end of `connection`.
  func scan(_ connection: TestConnection) {
    // The kernel's list may lose a row while it is read.
    for _ in 0..<5 {
      if scanOnce(connection) { return }
      usleep(10_000)
    }
  }

  private func scanOnce(_ connection: TestConnection) -> Bool {
    guard let inode = peerInode(connection.descriptor) else { return false }
    var isFound = false
    for name in entries("/proc") {
      guard let pid = Int32(name),
        Folder.read("/proc/\(pid)/comm") == Array("curl\n".utf8),
        entries("/proc/\(pid)/fd").contains(where: {
          link("/proc/\(pid)/fd/\($0)") == "socket:[\(inode)]"
        })
      else { continue }
      func text(_ file: String) -> String {
        String(
          decoding: Folder.read("/proc/\(pid)/\(file)").map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
      }
      let found = ["cmdline:" + text("cmdline"), "environ:" + text("environ")]
      state.withLock { state in
        state.list.formUnion(found)
        state.pids.insert(pid)
      }
      isFound = true
    }
    return isFound
  }

  private func peerInode(_ descriptor: Int32) -> String? {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getpeername(descriptor, $0, &size)
      }
    }
    guard failed == 0 else { return nil }
    let port = String(UInt16(bigEndian: address.sin_port), radix: 16, uppercase: true)
    let local = ":" + String(repeating: "0", count: 4 - port.count) + port
    let table = String(decoding: Folder.read("/proc/net/tcp"), as: UTF8.self)
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count > 9, words[1].hasSuffix(local), words[9] != "0" { return String(words[9]) }
    }
    return nil
  }

  private func entries(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names
  }

  private func link(_ path: String) -> String {
    var text = [UInt8](repeating: 0, count: 128)
    let count = text.withUnsafeMutableBytes { raw in
      raw.withMemoryRebound(to: CChar.self) { buffer in
        buffer.baseAddress.map { readlink(path, $0, buffer.count) } ?? -1
      }
    }
    return String(decoding: text.prefix(max(0, count)), as: UTF8.self)
  }
}
