import Glibc
import KinoraModel
import KinoraPluginHost
import Testing

/// A plugin that ends the daemon does so once.
@Suite struct TrapTests {
  private struct StillClock: Clock {
    func now() -> Milliseconds { 0 }
    func steady() -> Milliseconds { 0 }
    func sleep(untilSteady: Milliseconds) async {}
  }

  static func registry(_ folder: String) throws -> PluginRegistry {
    try PluginRegistry(
      PluginRegistry.Options(folders: [folder], stepping: "\(folder)/stepping"),
      clock: StillClock())
  }

  static func step(in folder: String) throws {
    // A core file of the test program helps nobody.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(4), &none)
    _ = try registry(folder).step(plugin: "odd", event: Hostile.event())
  }

  @Test(
    "a trap is found at the next start; replacing the file or clearing the fault ends that",
    arguments: ["__builtin_trap();", "*(volatile int *)0 = 1;", "abort();"])
  func trap(_ trap: String) async throws {
    let folder = try Linked.temporaryFolder()
    let source = Hostile.source(step: "\(trap) return KN_OK;")
    try await Hostile.compile(source, in: folder)
    _ = try await Hostile.still(in: folder)
    await #expect(processExitsWith: .failure) { [folder = folder as String] in
      try TrapTests.step(in: folder)
    }
    let after = try Self.registry(folder)
    #expect(after.list().map(\.state) == [.faulted, .loaded])
    #expect(after.list()[0].detail.contains("ended the daemon while it was loaded or in the"))
    let error = #expect(throws: KinoraError.self) {
      try after.step(plugin: "odd", event: Hostile.event())
    }
    #expect(error?.code == .unavailable)
    // It stays so over further starts and reloads.
    after.reload()
    #expect(try Self.registry(folder).list().map(\.state) == [.faulted, .loaded])
    try after.clearFaults("odd")
    #expect(after.list().map(\.state) == [.loaded, .loaded])
    #expect(try Self.registry(folder).list().map(\.state) == [.loaded, .loaded])
  }

  @Test("a file that ends the process while it is loaded is left alone at the next start")
  func trapWhileLoaded() async throws {
    let folder = try Linked.temporaryFolder()
    let source =
      Hostile.source(step: "o->wait(o->ctx, 1); return KN_OK;")
      + "\n__attribute__((constructor)) static void boom(void) { __builtin_trap(); }\n"
    try await Hostile.compile(source, in: folder)
    _ = try await Hostile.still(in: folder)
    await #expect(processExitsWith: .failure) { [folder = folder as String] in
      try TrapTests.step(in: folder)
    }
    #expect(try Self.registry(folder).list().map(\.state) == [.faulted, .loaded])
    #expect(try Self.registry(folder).list().map(\.state) == [.faulted, .loaded])
  }

  @Test("a file that was cut is told so")
  func cut() async throws {
    let folder = try Linked.temporaryFolder()
    let whole = try await Hostile.still(in: folder)
    #expect(truncate(whole, 9000) == 0)
    let info = try Self.registry(folder).list()[0]
    #expect(info.state == .incompatible)
    #expect(info.detail.contains("cut short"), "\(info.detail)")
  }

  @Test("a replaced file starts with a clean record")
  func replaced() async throws {
    let folder = try Linked.temporaryFolder()
    try await Hostile.compile(Hostile.source(step: "__builtin_trap();"), in: folder)
    await #expect(processExitsWith: .failure) { [folder = folder as String] in
      try TrapTests.step(in: folder)
    }
    let running = try Self.registry(folder)
    #expect(running.list().map(\.state) == [.faulted])
    let mended = try await Hostile.compile(
      Hostile.source(step: "o->wait(o->ctx, 1); return KN_OK;"), in: try Linked.temporaryFolder())
    #expect(rename(mended, "\(folder)/kinora-odd.so") == 0)
    running.reload()
    #expect(running.list().map(\.state) == [.loaded])
    #expect(try Self.registry(folder).list().map(\.state) == [.loaded])
  }

  @Test("a daemon that was killed during a step accuses nobody the first time, the second it does")
  func killed() async throws {
    let folder = try Linked.temporaryFolder()
    try await Hostile.compile(Hostile.source(step: "raise(SIGKILL); return KN_OK;"), in: folder)
    await #expect(processExitsWith: .failure) { [folder = folder as String] in
      try TrapTests.step(in: folder)
    }
    // `Self.registry` counts as a start that found the plugin in its step, so it is made only once.
    await #expect(processExitsWith: .failure) { [folder = folder as String] in
      let registry = try TrapTests.registry(folder)
      guard registry.list().map(\.state) == [.loaded] else { exit(0) }
      _ = try registry.step(plugin: "odd", event: Hostile.event())
    }
    #expect(try Self.registry(folder).list().map(\.state) == [.faulted])
  }

  @Test("a clean start in between forgets the suspicion")
  func forgotten() async throws {
    let folder = try Linked.temporaryFolder()
    try await Hostile.compile(Hostile.source(step: "raise(SIGKILL); return KN_OK;"), in: folder)
    for _ in 0..<2 {
      await #expect(processExitsWith: .failure) { [folder = folder as String] in
        try TrapTests.step(in: folder)
      }
      #expect(try Self.registry(folder).list().map(\.state) == [.loaded])
      #expect(try Self.registry(folder).list().map(\.state) == [.loaded])
    }
  }
}
