import CSys
import Glibc
public import KinoraModel

/// Tells when files of some folders may have changed, by inotify(7).
///
/// Folders are watched and not files: who writes a new file and renames it over the old one would
/// leave a watch on the old one behind. What is told is a hint; the reader compares what is there.
public final class FolderWatch: Sendable {
  private let descriptor: Int32
  private let folders: [String]
  private let isMeant: @Sendable (String) -> Bool
  private let continuation: AsyncStream<Void>.Continuation
  /// Nothing more may have happened for this long, so that a file is read when it is whole.
  private static let quiet: Int32 = 150
  private static let mask = UInt32(
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB)

  private init(
    _ descriptor: Int32, _ folders: [String], _ isMeant: @escaping @Sendable (String) -> Bool,
    _ continuation: AsyncStream<Void>.Continuation
  ) {
    self.descriptor = descriptor
    self.folders = folders
    self.isMeant = isMeant
    self.continuation = continuation
  }

  /// One element after each burst of changes to names that `isMeant`. The first one comes at once:
  /// a change before the watch stood is found by the same comparison. A folder that is not there yet
  /// is watched from the next change on that makes it. Throws `unavailable` when the kernel has no
  /// watch or thread left, or no folder can be watched.
  public static func changes(
    in folders: [String], isMeant: @escaping @Sendable (String) -> Bool
  ) throws(KinoraError) -> AsyncStream<Void> {
    let descriptor = inotify_init1(Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { throw KinoraError(.unavailable, "no watch: \(errnoText())") }
    let (stream, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let watch = FolderWatch(descriptor, folders, isMeant, continuation)
    guard watch.add() > 0 else {
      let why = errnoText()
      close(descriptor)
      throw KinoraError(.unavailable, "\(folders.joined(separator: ", ")): \(why)")
    }
    guard SmallThread.start({ watch.run() }) else {
      close(descriptor)
      throw KinoraError(.unavailable, "no thread for the watch")
    }
    continuation.yield()
    return stream
  }

  /// Watches what can be watched; a folder that is watched already stays so.
  private func add() -> Int {
    folders.count { inotify_add_watch(descriptor, $0, Self.mask) >= 0 }
  }

  private func run() {
    kn_thread_name("watch")
    while true {
      guard wait(-1) else { return }
      var isMeant = meant()
      // The burst's end.
      while wait(Self.quiet) { isMeant = meant() || isMeant }
      _ = add()
      if isMeant { continuation.yield() }
    }
  }

  /// True when there is something to read within so many milliseconds; -1 waits for ever.
  private func wait(_ milliseconds: Int32) -> Bool {
    var row = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while true {
      let count = poll(&row, 1, milliseconds)
      if count < 0, errno == EINTR { continue }
      return count > 0
    }
  }

  /// Reads what there is; true when a name among it is meant, or when it says that some were lost.
  private func meant() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 16 * 1024)
    let count = read(descriptor, &bytes, bytes.count)
    let head = MemoryLayout<inotify_event>.size
    var (at, found) = (0, false)
    while count > 0, at + head <= count {
      let (mask, length) = bytes.withUnsafeBytes { raw in
        (
          raw.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self),
          Int(raw.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self))
        )
      }
      let name = bytes[(at + head)..<min(at + head + length, count)].prefix { $0 != 0 }
      found =
        found || mask & UInt32(IN_Q_OVERFLOW) != 0 || isMeant(String(decoding: name, as: UTF8.self))
      at += head + length
    }
    return found
  }
}
