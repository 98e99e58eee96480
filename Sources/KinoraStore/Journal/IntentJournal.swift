import Glibc
public import KinoraModel

/// The append-only file of paid requests beside the database.
///
/// The database can travel back in time (a restored backup, a lost WAL), and then it would send
/// again what was paid for. This file knows better: one line for each permit, on disk before the
/// request's first byte. Lines that wait at the same time share one fdatasync.
public final class IntentJournal: IntentLog {
  /// The file's name in the state directory.
  public static let fileName = "intents.log"
  /// How long the line of a closed job is kept: a backup that is older than this may be restored
  /// only with care.
  public static let closedLife: Milliseconds = 30 * 86_400_000

  /// What the file held when it was opened.
  public let history: IntentHistory
  private let boot: String
  private let state: Monitor<State>

  private struct State {
    var waiting: [Line] = []
    var failure: KinoraError?
    var isClosing = false
    var hasEnded = false
    var closers: [CheckedContinuation<Void, Never>] = []
  }

  private struct Line {
    let bytes: [UInt8]
    /// The bytes are the whole new file.
    let replaces: Bool
    let continuation: CheckedContinuation<KinoraError?, Never>
  }

  /// Opens or makes the file at `path`, reads it and starts its thread; a torn last line is cut
  /// off. `boot` names this start of the daemon in each line.
  public init(
    path: String, boot: String, faults: FaultHooks = .none, crash: CrashPoints = .off
  ) throws(KinoraError) {
    self.boot = boot
    let file = try AppendFile(path: path, faults: faults)
    history = IntentHistory(try file.contents())
    if history.tornBytes > 0 { try file.cut(last: history.tornBytes) }
    let state = Monitor(State())
    self.state = state
    try BlockingThread.start("kinora-journal") { Self.serve(state, file, crash) }
  }

  public func append(_ intent: Intent) async throws(KinoraError) {
    try await hand(
      IntentLine.bytes(IntentLine.Permit(intent: intent, boot: boot)), replaces: false)
  }

  /// Begins the file anew: this generation, and of the old lines those that are still needed.
  public func begin(
    generation: Int64, at: Milliseconds, keeping intents: [Intent]
  ) async throws(KinoraError) {
    var bytes = try IntentLine.bytes(
      IntentLine.Header(generation: generation, boot: boot, at: at))
    for intent in intents {
      bytes += try IntentLine.bytes(IntentLine.Permit(intent: intent, boot: boot))
    }
    try await hand(bytes, replaces: true)
  }

  private func hand(_ bytes: [UInt8], replaces: Bool) async throws(KinoraError) {
    let failure = await withCheckedContinuation { continuation in
      var refusal: KinoraError?
      state.update { state in
        refusal =
          state.failure
          ?? (state.isClosing ? KinoraError(.unavailable, "the journal is closed") : nil)
        if refusal == nil {
          state.waiting.append(
            Line(bytes: bytes, replaces: replaces, continuation: continuation))
        }
        return refusal == nil
      }
      if let refusal { continuation.resume(returning: refusal) }
    }
    if let failure { throw failure }
  }

  /// Writes what waits and closes the file.
  public func close() async {
    await withCheckedContinuation { continuation in
      let isOver = state.with { state in
        state.isClosing = true
        if state.hasEnded { return true }
        state.closers.append(continuation)
        return false
      }
      state.wakeAll()
      if isOver { continuation.resume() }
    }
  }

  private static func serve(_ state: Monitor<State>, _ file: AppendFile, _ crash: CrashPoints) {
    while true {
      let lines: [Line] = state.wait { state in
        if state.waiting.isEmpty { return state.isClosing ? [] : nil }
        let next = state.waiting[0].replaces ? 1 : state.waiting.prefix { !$0.replaces }.count
        defer { state.waiting.removeFirst(next) }
        return Array(state.waiting.prefix(next))
      }
      if lines.isEmpty { break }
      var failure = state.with { $0.failure }
      if failure == nil {
        do throws(KinoraError) {
          try write(lines, to: file, crash)
        } catch {
          failure = error
          // A full disk was noticed before the fsync and the file is as it was; anything else
          // leaves open what is on the disk, and a later fsync that succeeds would prove nothing.
          if error.code == .storeFailed { state.with { $0.failure = error } }
        }
      }
      for line in lines { line.continuation.resume(returning: failure) }
    }
    file.close()
    let closers = state.with { state in
      state.hasEnded = true
      return state.closers
    }
    for closer in closers { closer.resume() }
  }

  private static func write(
    _ lines: [Line], to file: AppendFile, _ crash: CrashPoints
  ) throws(KinoraError) {
    if let first = lines.first, first.replaces { return try file.replace(with: first.bytes) }
    crash.pass("journal.append.before")
    try file.append(lines.flatMap(\.bytes))
    crash.pass("journal.append.after")
  }
}
