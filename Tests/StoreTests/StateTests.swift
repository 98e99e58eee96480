import FoundationEssentials
import Glibc
import KinoraModel
import KinoraStore
import Testing

@Suite struct StateTests {
  @Test("A second daemon is refused with the pid of the first")
  func locked() async throws {
    let folder = TestFolder()
    let path = folder["state"]
    var first: StateDirectory? = try StateDirectory(path: path + "/")
    #expect(first?.path == path)
    let error = await failure { _ = try StateDirectory(path: path) }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("pid \(getpid())") == true)
    // Another process sees it too: a lock of the kernel, not a file that stays.
    #expect(try await otherProcess(path + "/lock", holdsFor: 0) == "refused")
    first = nil
    let again = try StateDirectory(path: path)
    #expect(again.path == path)
  }

  @Test("The lock of another process is told with its pid")
  func foreign() async throws {
    let folder = TestFolder()
    let path = folder["state"]
    _ = try StateDirectory(path: path)
    async let other = otherProcess(path + "/lock", holdsFor: 60)
    defer { _ = folder.write("state/release", []) }
    while !folder.exists(path + "/held") { try await Task.sleep(for: .milliseconds(5)) }
    let error = await failure { _ = try StateDirectory(path: path) }
    #expect(error?.code == .unavailable)
    let pid = String(decoding: folder.read("state/held"), as: UTF8.self)
    #expect(!pid.isEmpty && error?.message.contains("pid \(pid);") == true)
    _ = folder.write("state/release", [])
    #expect(try await other == "held")
    _ = try StateDirectory(path: path)
  }

  /// Takes the lock with python's fcntl, notes its pid, and holds it until a file appears.
  private func otherProcess(_ lock: String, holdsFor seconds: Int) async throws -> String {
    let script = """
      import fcntl, os, sys, time
      lock, seconds = sys.argv[1], float(sys.argv[2])
      folder = os.path.dirname(lock)
      f = open(lock, "r+")
      try:
          fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
      except OSError:
          sys.exit(3)
      open(folder + "/held.new", "w").write(str(os.getpid()))
      os.rename(folder + "/held.new", folder + "/held")
      end = time.time() + seconds
      while time.time() < end and not os.path.exists(folder + "/release"):
          time.sleep(0.01)
      """
    var pid = pid_t()
    let arguments = ["python3", "-c", script, lock, String(seconds)]
    var pointers = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    let failed = posix_spawnp(&pid, "python3", nil, nil, &pointers, environ)
    try #require(failed == 0)
    while true {
      var status: Int32 = 0
      if waitpid(pid, &status, WNOHANG) == pid { return status == 0 ? "held" : "refused" }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test("What failed downloads left goes at the start, and later when nobody writes it any more")
  func transfers() async throws {
    let folder = TestFolder()
    let state = try StateDirectory(path: folder["state"])
    let path = try TransferFolder.prepare(in: state)
    #expect(path == folder["state/tmp"])
    _ = folder.write("state/tmp/old.tmp", [1])
    #expect(try TransferFolder.prepare(in: state) == path)
    #expect(!folder.exists(path + "/old.tmp"))
    let present = Milliseconds(time(nil)) * 1000
    _ = folder.write("state/tmp/fresh.tmp", [1])
    #expect(TransferFolder.sweep(in: state, now: present) == 0)
    #expect(folder.exists(path + "/fresh.tmp"))
    #expect(TransferFolder.sweep(in: state, now: present + TransferFolder.life + 60_000) == 1)
    #expect(!folder.exists(path + "/fresh.tmp"))
  }

  @Test("A folder that others can write, or that is none, is refused in words")
  func unfit() async throws {
    let folder = TestFolder()
    chmod(folder.path, 0o777)
    let wide = await failure { _ = try StateDirectory(path: folder.path) }
    #expect(wide?.code == .configuration && wide?.message.contains("chmod") == true)
    chmod(folder.path, 0o700)
    let file = folder.write("file", [1])
    let none = await failure { _ = try StateDirectory(path: file) }
    #expect(none?.message.contains("is not a directory") == true)
    let missing = await failure { _ = try StateDirectory(path: folder["a/b/c"]) }
    #expect(missing?.field == "state_dir")
  }

  private static let now: Milliseconds = 100 * 86_400_000

  /// One life of a daemon.
  private func live<Value>(
    _ folder: TestFolder, boot: String, _ body: (DurableState) async throws -> Value
  ) async throws -> Value {
    let state = try await DurableState.open(
      DurableState.Options(path: folder["state"], boot: boot, now: Self.now)
    ) { _ in }
    let value = try await body(state)
    await state.close()
    return value
  }

  @Test("A restart keeps the permits that are needed, and sweeps what nobody needs")
  func restart() async throws {
    let folder = TestFolder()
    let intents = [
      Intent(record: record("open"), isRepeat: false, at: 1),
      Intent(record: record("closed"), isRepeat: false, at: 1),
      Intent(record: record("closed"), isRepeat: false, at: Self.now),
      Intent(record: record("unheard"), isRepeat: false, at: 1),
    ]
    let spool = try await live(folder, boot: "one") { state in
      try await state.store.insert(record("open"))
      var closed = record("closed")
      closed.state = .completed
      try await state.store.insert(closed)
      for intent in intents { try await state.journal.append(intent) }
      let spool = state.artifacts.temporaryPath()
      _ = folder.write(String(spool.dropFirst(folder.path.count + 1)), [1])
      #expect(folder.exists(spool))
      return spool
    }
    try await live(folder, boot: "two") { state in
      #expect(state.journal.history.intents == intents)
      #expect(!folder.exists(spool))
      #expect(folder.exists(folder["state/tmp/two"]))
      let open = try await state.store.openJobs()
      #expect(open.count == 1)
    }
    // The old line of the closed job is gone; the one whose job nobody knows stays.
    try await live(folder, boot: "three") { state in
      #expect(state.journal.history.intents == [intents[0], intents[2], intents[3]])
    }
  }

  @Test("Generations count up together, and a lost journal is noticed")
  func generations() async throws {
    let folder = TestFolder()
    for generation in 0..<3 {
      try await live(folder, boot: "boot\(generation)") { state in
        #expect(state.journal.history.generation == Int64(generation))
        #expect(state.store.generation == Int64(generation))
        #expect(!state.journalWasLost && !state.store.isRestored)
      }
    }
    unlink(folder["state/intents.log"])
    try await live(folder, boot: "last") { state in #expect(state.journalWasLost) }
  }
}
