import Glibc
import KinoraModel
import KinoraStore
import Synchronization
import Testing

@Suite struct JournalTests {
  private func intent(_ name: String, at: Milliseconds = 5, isRepeat: Bool = false) -> Intent {
    var job = record(name)
    job.ordinal = 1
    job.reserved = MicroUSD(400_000)
    return Intent(record: job, isRepeat: isRepeat, at: at)
  }

  private func open(_ folder: TestFolder, faults: FaultHooks = .none) throws -> IntentJournal {
    try IntentJournal(path: folder["intents.log"], boot: "boot", faults: faults)
  }

  @Test("Lines come back after a restart, repeats among them")
  func readBack() async throws {
    let folder = TestFolder()
    let journal = try open(folder)
    #expect(journal.history == IntentHistory())
    let sent = [intent("a"), intent("a", isRepeat: true), intent("b\n\"")]
    for intent in sent { try await journal.append(intent) }
    await journal.close()
    #expect(await failure { try await journal.append(sent[0]) }?.code == .unavailable)
    #expect(try open(folder).history.intents == sent)
    #expect(folder.read("intents.log").filter { $0 == 0x0a }.count == 3)
  }

  @Test("A last line that was cut off is dropped, wherever it was cut")
  func torn() async throws {
    let folder = TestFolder()
    let journal = try open(folder)
    try await journal.append(intent("a"))
    let first = folder.read("intents.log")
    try await journal.append(intent("b"))
    await journal.close()
    let whole = folder.read("intents.log")
    let lengths =
      Array(stride(from: first.count, to: whole.count - 1, by: 17)) + [
        whole.count - 1, whole.count,
      ]
    for length in lengths {
      let torn = TestFolder()
      _ = torn.write("intents.log", whole[..<length])
      let again = try open(torn)
      let isWhole = length == whole.count
      #expect(again.history.intents.count == (isWhole ? 2 : 1))
      #expect(again.history.tornBytes == (isWhole ? 0 : length - first.count))
      #expect(again.history.unreadableLines == [])
      // The next line stands on its own.
      try await again.append(intent("c"))
      await again.close()
      #expect(try open(torn).history.intents.last == intent("c"))
    }
  }

  @Test("A damaged line in the middle is told, not guessed")
  func damaged() async throws {
    let folder = TestFolder()
    let journal = try open(folder)
    for name in ["a", "b", "c"] { try await journal.append(intent(name)) }
    await journal.close()
    var bytes = folder.read("intents.log")
    bytes[bytes.count / 2] = 0
    _ = folder.write("intents.log", bytes)
    let again = try open(folder)
    #expect(again.history.unreadableLines == [2])
    #expect(again.history.intents.map(\.job) == [intent("a").job, intent("c").job])
    await again.close()
  }

  @Test("Lines that wait together share a sync")
  func group() async throws {
    let folder = TestFolder()
    let syncs = Atomic(0)
    var faults = FaultHooks()
    faults.fsync = { path in
      if path.hasSuffix("intents.log") { syncs.add(1, ordering: .relaxed) }
      usleep(2_000)
      return 0
    }
    let journal = try open(folder, faults: faults)
    await withTaskGroup(of: Void.self) { group in
      for i in 0..<64 { group.addTask { try? await journal.append(self.intent("\(i)")) } }
    }
    await journal.close()
    #expect(try open(folder).history.intents.count == 64)
    #expect(syncs.load(ordering: .relaxed) < 32)
  }

  @Test("A sync that fails is never tried again: every later line is refused")
  func failingSync() async throws {
    let folder = TestFolder()
    let isBroken = Atomic(false)
    var faults = FaultHooks()
    faults.fsync = { _ in isBroken.load(ordering: .relaxed) ? EIO : 0 }
    let journal = try open(folder, faults: faults)
    try await journal.append(intent("a"))
    isBroken.store(true, ordering: .relaxed)
    #expect(await failure { try await journal.append(intent("b")) }?.code == .storeFailed)
    isBroken.store(false, ordering: .relaxed)
    #expect(await failure { try await journal.append(intent("c")) }?.code == .storeFailed)
    await journal.close()
  }

  @Test("A full disk refuses the line and leaves no half of it")
  func fullDisk() async throws {
    let folder = TestFolder()
    let isFull = Atomic(false)
    var faults = FaultHooks()
    faults.write = { _, _ in isFull.load(ordering: .relaxed) ? ENOSPC : 0 }
    let journal = try open(folder, faults: faults)
    try await journal.append(intent("a"))
    isFull.store(true, ordering: .relaxed)
    #expect(await failure { try await journal.append(intent("b")) }?.code == .storageFull)
    isFull.store(false, ordering: .relaxed)
    try await journal.append(intent("c"))
    await journal.close()
    let history = try open(folder).history
    #expect(history.intents == [intent("a"), intent("c")])
    #expect(history.unreadableLines == [])
  }

  @Test("A new generation keeps the lines that are needed, and survives a crash half way")
  func generation() async throws {
    let folder = TestFolder()
    let journal = try open(folder)
    for name in ["a", "b", "c"] { try await journal.append(intent(name)) }
    try await journal.begin(generation: 7, at: 9, keeping: [intent("b")])
    try await journal.append(intent("d"))
    await journal.close()
    _ = folder.write("intents.log.new", Array("half a li".utf8))
    let history = try open(folder).history
    #expect(history.generation == 7)
    #expect(history.intents == [intent("b"), intent("d")])
  }
}
