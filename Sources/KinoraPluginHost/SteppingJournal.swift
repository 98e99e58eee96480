import CSys
import Glibc
import KinoraModel
import Synchronization

/// Which plugin each thread is in, in memory that outlives the process.
///
/// A trap in a plugin ends the daemon. The file is mapped and shared, so the kernel keeps what was
/// written last; the next start reads it. Each slot has 128 bytes: a mark (0 free, 1 in a step, 2 died
/// in it by a fatal signal) and the plugin's name. Nothing is synced: a power cut ends no step badly.
final class SteppingJournal: @unchecked Sendable {
  // A slot is written only by the thread that took its bit in `taken`: hence unchecked.
  private let slots: UnsafeMutableRawPointer
  private let taken = Atomic<UInt64>(0)

  static let slotBytes = 128
  static let slotCount = 64
  static let nameBytes = 100

  /// One plugin that was in a step when the last process ended.
  struct Left: Sendable, Equatable {
    var plugin: String
    /// True when a fatal signal was seen in the step; false when the process just ended, as by SIGKILL.
    var isTrap: Bool
  }

  /// Opens the file, hands out what the last process left and clears it. Throws `storeFailed`.
  static func open(_ path: String) throws(KinoraError) -> (SteppingJournal, left: [Left]) {
    let size = slotBytes * slotCount
    let fd = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard fd >= 0 else { throw failed(path, "open") }
    defer { close(fd) }
    guard ftruncate(fd, off_t(size)) == 0 else { throw failed(path, "ftruncate") }
    // Blocks are reserved now: a full disk must not become a SIGBUS in the middle of a step.
    guard posix_fallocate(fd, 0, off_t(size)) == 0 else { throw failed(path, "posix_fallocate") }
    let map = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
    guard let map, map != MAP_FAILED else { throw failed(path, "mmap") }
    var left: [Left] = []
    for i in 0..<slotCount {
      let slot = map + i * slotBytes
      let mark = slot.load(as: UInt8.self)
      guard mark == 1 || mark == 2 else { continue }
      let name = UnsafeRawBufferPointer(start: slot + 1, count: nameBytes)
      left.append(
        Left(plugin: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self), isTrap: mark == 2))
    }
    memset(map, 0, size)
    kn_trap_watch()
    return (SteppingJournal(map), left)
  }

  private init(_ map: UnsafeMutableRawPointer) { slots = map }

  /// Runs a step of a plugin with its name written down; or, with `isLoading`, its file's loading. There
  /// only a fatal signal is held against it: every start loads all of them, and who kills a daemon
  /// that starts says nothing about the one that it was at.
  func during<R, E: Error>(
    _ plugin: String, isLoading: Bool = false, _ body: () throws(E) -> R
  ) throws(E) -> R {
    // With every slot taken the step still runs; its trap would then be found in a neighbour's name.
    guard let index = take() else { return try body() }
    let slot = slots + index * Self.slotBytes
    var name = plugin
    name.withUTF8 { utf8 in
      let count = min(utf8.count, Self.nameBytes - 1)
      if let start = utf8.baseAddress { memcpy(slot + 1, start, count) }
      (slot + 1 + count).storeBytes(of: 0, as: UInt8.self)
    }
    let mark = slot.assumingMemoryBound(to: UInt8.self)
    mark.pointee = isLoading ? 0 : 1
    kn_trap_mark(mark)
    defer {
      kn_trap_mark(nil)
      mark.pointee = 0
      taken.bitwiseAnd(~(1 << UInt64(index)), ordering: .releasing)
    }
    return try body()
  }

  private func take() -> Int? {
    var seen = taken.load(ordering: .relaxed)
    while true {
      let free = (~seen).trailingZeroBitCount
      guard free < Self.slotCount else { return nil }
      let (done, original) = taken.compareExchange(
        expected: seen, desired: seen | 1 << UInt64(free), ordering: .acquiring)
      if done { return free }
      seen = original
    }
  }

  private static func failed(_ path: String, _ call: String) -> KinoraError {
    KinoraError(.storeFailed, "\(path): \(call): \(String(cString: strerror(errno)))")
  }
}
