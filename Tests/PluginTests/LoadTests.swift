import Glibc
import KinoraModel
import KinoraPluginHost
import Testing

/// What is refused before, and after, a file is mapped, and how a person learns what to do.
@Suite struct LoadTests {
  private func refusal(_ source: String, as name: String = "odd") async throws
    -> PluginFile.Refusal?
  {
    let folder = try Linked.temporaryFolder()
    let file = PluginFile(try await Hostile.compile(source, as: name, in: folder))
    do throws(PluginFile.Refusal) {
      try file.inspect(trust: .system, sha256: nil)
      _ = try file.open()
      return nil
    } catch {
      return error
    }
  }

  private let wait = "o->wait(o->ctx, 1); return KN_OK;"

  @Test("a library without the note is no plugin, and no line of it runs")
  func noNote() async throws {
    let mark = "\(try Linked.temporaryFolder())/ran"
    let constructor = """
      #include <stdio.h>
      __attribute__((constructor)) static void ran(void) { fclose(fopen("\(mark)", "w")); }
      """
    let found = try await refusal(Hostile.source(note: constructor, step: wait))
    #expect(found?.state == .incompatible)
    #expect(found?.detail.contains("no kinora note") == true)
    #expect(access(mark, F_OK) != 0)
  }

  @Test("a note of another ABI and another toolchain names both, and what to do")
  func wrongNote() async throws {
    let note = """
      __attribute__((used, section(".note.kinora"), aligned(4))) static const struct {
        uint32_t a, b, c; char name[8]; uint32_t body[3]; } note =
        { 7, 12, 1, "kinora", { 2, 3, 0x050a02 } };
      """
    let found = try await refusal(Hostile.source(note: note, step: wait))
    #expect(found?.state == .incompatible)
    #expect(found?.detail.contains("built for ABI 2, this host speaks 1.1") == true)
    #expect(found?.detail.contains("built with Swift 5.10.2, this host with Swift 6.") == true)
  }

  @Test("a missing entry names what was looked for and what is there")
  func missingEntry() async throws {
    let found = try await refusal(Hostile.source(name: "od", step: wait))
    #expect(found?.state == .missingEntry)
    #expect(
      found?.detail.contains(
        "must export kinora_plugin_odd, by its file's name; it exports "
          + "kinora_plugin_od") == true)
  }

  @Test("a table with another magic, a wrong major, no id and no version says all of it")
  func tables() async throws {
    let major = try await refusal(
      Hostile.source(head: "7, 9, 0, sizeof(kn_plugin)", step: wait))
    #expect(major?.state == .incompatible)
    #expect(major?.detail.contains("KRN1") == true)
    #expect(major?.detail.contains("its table says ABI 9") == true)
    let short = try await refusal(
      Hostile.source(head: "KN_MAGIC, KN_ABI_MAJOR, 0, 24", step: wait))
    #expect(short?.detail.contains("its table has 24 bytes") == true)
    let nameless = try await refusal(Hostile.source(id: "Odd", version: "", step: wait))
    #expect(nameless?.detail.contains("is not like net.example.name") == true)
    #expect(nameless?.detail.contains("it has no version") == true)
  }

  @Test("a newer minor loads, and a dash in the name is an underscore in the entry")
  func newerMinor() async throws {
    let source = Hostile.source(
      head: "KN_MAGIC, KN_ABI_MAJOR, 7, sizeof(kn_plugin)", entry: "kinora_plugin_my_odd",
      step: wait)
    let found = try await refusal(source, as: "my-odd")
    #expect(found == nil)
  }

  @Test("text, a program and a cut file are refused with the reason")
  func notELF() async throws {
    let folder = try Linked.temporaryFolder()
    let text = "\(folder)/kinora-text.so"
    try Hostile.write("not a library", to: text)
    let whole = try await Hostile.still(in: folder)
    var bytes = [UInt8](repeating: 0, count: 200)
    guard let file = fopen(whole, "r") else { return }
    #expect(fread(&bytes, 1, 200, file) == 200)
    fclose(file)
    let cut = "\(folder)/kinora-cut.so"
    guard let out = fopen(cut, "w") else { return }
    fwrite(bytes, 1, 200, out)
    fclose(out)
    for (path, reason) in [(text, "no ELF file"), (cut, "cut short")] {
      let error = #expect(throws: PluginFile.Refusal.self) {
        try PluginFile(path).inspect(trust: .system, sha256: nil)
      }
      #expect(error?.detail.contains(reason) == true)
    }
  }

  @Test("a checksum in the configuration must fit")
  func checksum() async throws {
    let file = PluginFile(try await Hostile.still(in: try Linked.temporaryFolder()))
    let error = #expect(throws: PluginFile.Refusal.self) {
      try file.inspect(trust: .system, sha256: String(repeating: "0", count: 64))
    }
    #expect(error?.state == .untrusted)
    let words = error?.detail.split(separator: " ").map(String.init) ?? []
    let found = words.first { $0.hasSuffix(",") && $0.count == 65 }.map { String($0.dropLast()) }
    try file.inspect(trust: .system, sha256: try #require(found).uppercased())
  }

  @Test("the SDK's note and the host know the same toolchain")
  func swiftPlugin() throws {
    // The shipped file beside the tests; `inspect` refuses another toolchain's.
    let path = "\(Linked.products)/libkinora-sample.so"
    try #require(access(path, F_OK) == 0, "build the products before the tests")
    let file = PluginFile(path)
    #expect(file.name == "sample")
    #expect(try file.facts().note?.hasPrefix("ABI 1.1, Swift 6.") == true)
    #expect(try file.facts().exports == ["kinora_plugin_sample"])
    let careless = TrustRule(uid: geteuid(), gid: getegid()) { _ in false }
    do throws(PluginFile.Refusal) {
      try file.inspect(trust: careless, sha256: nil)
    } catch {
      // A checkout in a shared folder is not the toolchain's fault.
      #expect(error.state == .untrusted)
    }
    #expect(try file.open().id == "dev.kinora.sample")
  }
}
