import Glibc
import KinoraModel
import KinoraPluginHost
import Testing

/// The golden conversations of the shipped plugins. `KINORA_REWRITE=1` writes the steps anew; the diff
/// is then read by a person.
@Suite struct TranscriptTests {
  @Test(
    "each plugin answers as its transcripts say [T24] [T25] [C30] [C31] [C32] [C33] [C34] [C35] [C37]",
    arguments: Linked.entries.map(\.folder))
  func replay(_ name: String) throws {
    let folder = try TranscriptFolder("\(Linked.root)/Plugins/\(name)/transcripts")
    #expect(!folder.files.isEmpty)
    let rewrite = getenv("KINORA_REWRITE").map { String(cString: $0) } == "1"
    let complaints = try folder.check(try Linked.plugin(name), rewrite: rewrite)
    #expect(complaints == [])
  }

  @Test(
    "many threads replay at once and get the same steps", arguments: Linked.entries.map(\.folder))
  func threads(_ name: String) async throws {
    let folder = try TranscriptFolder("\(Linked.root)/Plugins/\(name)/transcripts")
    let plugin = try Linked.plugin(name)
    let complaints = try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<16 {
        group.addTask { try folder.check(plugin, rewrite: false) }
      }
      return try await group.reduce([], +)
    }
    #expect(complaints == [])
  }
}
