import Glibc
import Synchronization

/// Two append-only files of JSON lines, fsynced before an answer leaves: `requests.jsonl`, all that
/// was received, and `jobs.jsonl`, from which the jobs are made again at the next start.
///
/// Members of one flush share one fsync.
final class Journal: Sendable {
  /// Which file.
  enum Book: Int, CaseIterable { case requests, jobs }

  private enum Entry {
    case line(Book, [UInt8])
    case clear
  }

  private struct State {
    var pending: [Entry] = []
    var issued = 0
    var durable = 0
    var flushing = false
    var waiters: [(ticket: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let descriptors: [Int32]
  private let directory: String
  private let state = Mutex(State())

  /// Opens or makes the files. A line that a kill cut short is dropped: what it tells of was never
  /// answered.
  init(directory: String) throws(Trouble) {
    self.directory = directory
    var descriptors: [Int32] = []
    for book in Book.allCases {
      let path = Self.path(book, directory)
      let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw Trouble("cannot open \(path)", errno) }
      guard ftruncate(descriptor, Self.wholeLines(descriptor)) == 0 else {
        throw Trouble("cannot mend \(path)", errno)
      }
      descriptors.append(descriptor)
    }
    self.descriptors = descriptors
  }

  private static func path(_ book: Book, _ directory: String) -> String {
    "\(directory)/\(book == .requests ? "requests" : "jobs").jsonl"
  }

  /// Bytes up to the last line end.
  private static func wholeLines(_ descriptor: Int32) -> Int {
    var end = lseek(descriptor, 0, SEEK_END)
    while end > 0 {
      let start = max(0, end - 65_536)
      let block = Files.bytes(descriptor, at: Int64(start), count: end - start)
      if let at = block.lastIndex(of: UInt8(ascii: "\n")) { return start + at + 1 }
      end = start
    }
    return 0
  }

  /// Queues a line (without its end) and gives the ticket to wait for.
  @discardableResult
  func append(_ book: Book, _ line: [UInt8]) -> Int { enqueue(.line(book, line)) }

  /// Empties both files.
  func clear() async { await durable(enqueue(.clear)) }

  /// Returns when the entry of that ticket is on disk.
  func durable(_ ticket: Int) async {
    await withCheckedContinuation { continuation in
      let done = state.withLock { state in
        if state.durable >= ticket { return true }
        state.waiters.append((ticket, continuation))
        return false
      }
      if done { continuation.resume() }
    }
  }

  /// All whole lines of a file that are on disk, in order.
  func lines(_ book: Book) -> [ArraySlice<UInt8>] {
    guard let bytes = Files.read(Self.path(book, directory)),
      let end = bytes.lastIndex(of: UInt8(ascii: "\n"))
    else { return [] }
    return bytes[..<end].split(separator: UInt8(ascii: "\n"))
  }

  private func enqueue(_ entry: Entry) -> Int {
    let (ticket, start) = state.withLock { state in
      state.pending.append(entry)
      state.issued += 1
      defer { state.flushing = true }
      return (state.issued, !state.flushing)
    }
    if start { Task.detached { self.flush() } }
    return ticket
  }

  private func flush() {
    while true {
      let (entries, last): ([Entry], Int) = state.withLock { state in
        defer { state.pending = [] }
        if state.pending.isEmpty { state.flushing = false }
        return (state.pending, state.issued)
      }
      if entries.isEmpty { return }
      put(entries)
      let ready = state.withLock { state in
        state.durable = last
        let ready = state.waiters.filter { $0.ticket <= last }
        state.waiters.removeAll { $0.ticket <= last }
        return ready
      }
      for waiter in ready { waiter.continuation.resume() }
    }
  }

  private func put(_ entries: [Entry]) {
    var buffers = [[UInt8]](repeating: [], count: descriptors.count)
    for entry in entries {
      switch entry {
      case .line(let book, let line):
        buffers[book.rawValue] += line
        buffers[book.rawValue].append(UInt8(ascii: "\n"))
      case .clear:
        buffers = buffers.map { _ in [] }
        for descriptor in descriptors where ftruncate(descriptor, 0) != 0 {
          Trouble.end("truncate")
        }
      }
    }
    for (descriptor, buffer) in zip(descriptors, buffers) where !buffer.isEmpty {
      guard Files.write(descriptor, buffer), fdatasync(descriptor) == 0 else {
        Trouble.end("cannot write the journal")
      }
    }
  }
}
