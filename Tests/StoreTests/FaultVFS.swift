import CSQLite
import Glibc
import Synchronization

/// A layer between SQLite and the disk that fails on demand, for files whose path holds a text.
enum FaultVFS {
  static let name = "kinora-fault"

  struct Faults {
    /// Syncs of files whose path contains this fail with an I/O error.
    var failingSync: Set<String> = []
    /// Writes to files whose path contains this find no room.
    var fullDisk: Set<String> = []
    var paths: [Int: String] = [:]
  }

  static let faults = Mutex(Faults())

  /// SQLite's own layer, and its methods; they never change.
  nonisolated(unsafe) static let real = sqlite3_vfs_find(nil)
  nonisolated(unsafe) static var methods: UnsafePointer<sqlite3_io_methods>?

  static let isRegistered: Bool = {
    guard let real, let strdup = strdup(name) else { return false }
    let layer = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    layer.initialize(to: real.pointee)
    layer.pointee.zName = UnsafePointer(strdup)
    layer.pointee.pNext = nil
    layer.pointee.xOpen = { _, path, file, flags, out in
      FaultVFS.open(path, file, flags, out)
    }
    return sqlite3_vfs_register(layer, 0) == SQLITE_OK
  }()

  static func failSync(_ text: String) { faults.withLock { _ = $0.failingSync.insert(text) } }
  static func fill(_ text: String) { faults.withLock { _ = $0.fullDisk.insert(text) } }
  static func empty(_ text: String) { faults.withLock { _ = $0.fullDisk.remove(text) } }

  private static func open(
    _ path: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32,
    _ out: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    guard let real, let file else { return SQLITE_ERROR }
    let code = real.pointee.xOpen(real, path, file, flags, out)
    guard code == SQLITE_OK, let given = file.pointee.pMethods else { return code }
    let name = path.map { String(cString: $0) } ?? ""
    faults.withLock {
      $0.paths[Int(bitPattern: file)] = name
      // One table serves all files of SQLite's unix layer with the same kind of lock.
      if methods == nil { methods = given }
    }
    let mine = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
    mine.initialize(to: given.pointee)
    mine.pointee.xSync = { file, flags in
      if FaultVFS.strikes(file, \.failingSync) { return SQLITE_IOERR | 4 << 8 }
      return FaultVFS.methods?.pointee.xSync(file, flags) ?? SQLITE_ERROR
    }
    mine.pointee.xWrite = { file, bytes, count, offset in
      if FaultVFS.strikes(file, \.fullDisk) { return SQLITE_FULL }
      return FaultVFS.methods?.pointee.xWrite(file, bytes, count, offset) ?? SQLITE_ERROR
    }
    file.pointee.pMethods = UnsafePointer(mine)
    return SQLITE_OK
  }

  private static func strikes(
    _ file: UnsafeMutablePointer<sqlite3_file>?, _ kind: KeyPath<Faults, Set<String>>
  ) -> Bool {
    faults.withLock { faults in
      let path = faults.paths[Int(bitPattern: file)] ?? ""
      return faults[keyPath: kind].contains { path.contains($0) }
    }
  }
}
