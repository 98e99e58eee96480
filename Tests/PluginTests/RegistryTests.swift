import Glibc
import KinoraModel
import KinoraPluginHost
import Synchronization
import Testing

/// Every look takes as long as was said.
private final class SteppingClock: Clock {
  private let time = Atomic<Int64>(0)
  private let stride: Int64
  init(stride: Int64 = 0) { self.stride = stride }
  func now() -> Milliseconds { 1_790_000_000_000 }
  func steady() -> Milliseconds { time.add(stride, ordering: .relaxed).newValue }
  func sleep(untilSteady: Milliseconds) async {}
}

/// Finding, listing, calling, reloading.
@Suite struct RegistryTests {
  private func registry(
    _ folders: [String], disabled: Set<String> = [], stride: Int64 = 0, stepping: String? = nil
  ) throws -> PluginRegistry {
    try PluginRegistry(
      PluginRegistry.Options(folders: folders, disabled: disabled, stepping: stepping),
      clock: SteppingClock(stride: stride))
  }

  private let wait = "o->state(o->ctx, TEXT(\"s\")); o->wait(o->ctx, 7); return KN_OK;"

  @Test("the first folder wins a name and an id; the others are listed with the reason")
  func shadows() async throws {
    let first = try Linked.temporaryFolder()
    let second = try Linked.temporaryFolder()
    let source = Hostile.source(step: wait)
    let path = try await Hostile.compile(source, in: first)
    try await Hostile.compile(source, in: second)
    let twin = Hostile.source(name: "twin", step: wait)
    try await Hostile.compile(twin, as: "twin", in: second)
    try Hostile.write("x", to: "\(second)/readme.txt")
    let list = try registry(["\(first)/", second, "/nonexistent"]).list()
    #expect(list.map(\.name) == ["odd", "odd", "twin"])
    #expect(list.map(\.state) == [.loaded, .shadowed, .shadowed])
    #expect(list[0].id == "net.example.odd")
    #expect(list[0].catalog?.models.map(\.id) == ["m"])
    #expect(list[1].detail == "\(path) has the same name and comes first")
    #expect(list[2].detail == "\(path) has the same id net.example.odd and comes first")
  }

  @Test("an untrusted file of a name does not hide a good one")
  func untrusted() async throws {
    let first = try Linked.temporaryFolder()
    let second = try Linked.temporaryFolder()
    let source = Hostile.source(step: wait)
    let bad = try await Hostile.compile(source, in: first)
    #expect(chmod(bad, 0o777) == 0)
    try await Hostile.compile(source, in: second)
    let registry = try registry([first, second])
    #expect(registry.list().map(\.state) == [.untrusted, .loaded])
    guard case .wait(7) = try registry.step(plugin: "odd", event: Hostile.event()).verdict else {
      Issue.record("no wait")
      return
    }
    // Mended, it is looked at again, but the name is taken while the process lives.
    #expect(chmod(bad, 0o755) == 0)
    registry.reload()
    #expect(registry.list().map(\.state) == [.shadowed, .loaded])
  }

  @Test("a disabled, a missing and an unknown plugin say why they cannot be called")
  func unavailable() async throws {
    let folder = try Linked.temporaryFolder()
    try await Hostile.compile(Hostile.source(step: wait), in: folder)
    let registry = try registry([folder], disabled: ["odd"])
    #expect(registry.list().map(\.state) == [.disabled])
    #expect(registry.list()[0].id == "")
    for (name, words) in [
      ("odd", "is disabled: switched off"), ("none", "there is no plugin none"),
    ] {
      let error = #expect(throws: KinoraError.self) {
        try registry.step(plugin: name, event: Hostile.event())
      }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains(words) == true)
    }
  }

  @Test("five faults switch a plugin off, clearing them switches it on again")
  func faults() async throws {
    let folder = try Linked.temporaryFolder()
    try await Hostile.compile(Hostile.source(step: "return KN_OK;"), in: folder)
    let registry = try registry([folder])
    for count in 1...Limits.pluginFaults {
      let error = #expect(throws: KinoraError.self) {
        try registry.step(plugin: "odd", event: Hostile.event())
      }
      #expect(error?.code == .pluginFault)
      #expect(registry.list()[0].faults == count)
    }
    #expect(registry.list()[0].state == .faulted)
    #expect(registry.list()[0].detail.contains("without a verdict"))
    let error = #expect(throws: KinoraError.self) {
      try registry.step(plugin: "odd", event: Hostile.event())
    }
    #expect(error?.code == .unavailable)
    registry.reload()
    #expect(registry.list()[0].state == .faulted)
    try registry.clearFaults("odd")
    #expect(registry.list()[0].state == .loaded)
    #expect(registry.list()[0].faults == 0)
  }

  @Test("a step of more than a second makes a plugin degraded")
  func slow() async throws {
    let folder = try Linked.temporaryFolder()
    try await Hostile.compile(Hostile.source(step: wait), in: folder)
    let quick = try registry([folder], stride: 900)
    _ = try quick.step(plugin: "odd", event: Hostile.event())
    #expect(quick.list()[0].isSlow == false)
    let slow = try registry([folder], stride: 1100)
    _ = try slow.step(plugin: "odd", event: Hostile.event())
    #expect(slow.list()[0].isSlow)
    #expect(slow.list()[0].state == .loaded)
  }

  @Test(
    "a reload takes in new files, marks replaced ones, and running jobs step on; a restart takes the replaced one over with their states [P4]"
  )
  func reload() async throws {
    let folder = try Linked.temporaryFolder()
    let path = try await Hostile.compile(Hostile.source(step: wait), in: folder)
    let before = try registry([folder])
    let job = try before.step(plugin: "odd", event: Hostile.event())
    let state = String(decoding: job.state ?? [], as: UTF8.self)
    #expect(state == "s")

    // A new plugin and a new version of the old one, put there as `install` does.
    let twin = Hostile.source(name: "twin", id: "net.example.twin", step: wait)
    try await Hostile.compile(twin, as: "twin", in: folder)
    let other = try Linked.temporaryFolder()
    let next = try await Hostile.compile(
      Hostile.source(
        version: "2.0.0",
        step: "if (e->state.len == 1) o->wait(o->ctx, 99); return KN_OK;"), in: other)
    #expect(rename(next, path) == 0)
    before.reload()
    #expect(before.list().map(\.state) == [.changed, .loaded])
    #expect(before.list()[0].detail == "its file was replaced: takes effect at restart")
    let event = Hostile.event(.timer, state: state)
    guard case .wait(7) = try before.step(plugin: "odd", event: event).verdict else {
      Issue.record("the running job did not step on")
      return
    }
    _ = try before.step(plugin: "twin", event: Hostile.event())

    // The loader of this process goes by path; another process finds the new bytes here.
    let restarted = try Linked.temporaryFolder()
    for name in ["odd", "twin"] {
      #expect(link("\(folder)/kinora-\(name).so", "\(restarted)/kinora-\(name).so") == 0)
    }
    let after = try registry([restarted])
    #expect(after.list().map(\.version) == ["2.0.0", "1.0.0"])
    guard case .wait(99) = try after.step(plugin: "odd", event: event).verdict else {
      Issue.record("the job's state was not taken over")
      return
    }

    #expect(unlink("\(restarted)/kinora-odd.so") == 0)
    after.reload()
    #expect(Set(after.list().map(\.name)) == ["odd", "twin"])
    let gone = after.list().first { $0.name == "odd" }
    #expect(gone?.state == .changed)
    #expect(gone?.detail.contains("is gone") == true)
    _ = try after.step(plugin: "odd", event: event)
  }

  @Test("many threads step through one registry with a journal and leave nothing in it")
  func threads() async throws {
    let folder = try Linked.temporaryFolder()
    _ = try await Hostile.still(in: folder)
    let stepping = "\(folder)/stepping"
    let registry = try registry([folder], stepping: stepping)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<16 {
        group.addTask {
          for _ in 0..<500 {
            let step = try registry.step(plugin: "still", event: Hostile.event())
            guard case .send = step.verdict else { throw KinoraError(.internalError, "no send") }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try self.registry([folder], stepping: stepping).list().map(\.state) == [.loaded])
  }
}
