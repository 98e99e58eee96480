import Glibc
import Synchronization

/// Descriptors and what they stood for.
final class Marks: Sendable {
  struct Mark: Sendable {
    let descriptor: Int32
    let inode: UInt
  }
  private let list = Mutex<[Mark]>([])

  func add(_ descriptor: Int32) {
    let mark = Mark(descriptor: descriptor, inode: Self.inode(descriptor) ?? 0)
    list.withLock { $0.append(mark) }
  }

  var all: [Mark] { list.withLock { $0 } }

  static func inode(_ descriptor: Int32) -> UInt? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? UInt(status.st_ino) : nil
  }
}
