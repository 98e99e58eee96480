import Foundation
import Testing

/// The formatter's word is final, and the formatter itself is tried.
@Suite struct FormatterTests {
  /// Runs `swift format lint --strict` and gives its exit status and output.
  private func lint(_ arguments: [String]) async throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let swift = ProcessInfo.processInfo.environment["SWIFT"] ?? "swift"
    process.arguments = [swift, "format", "lint", "--strict", "--parallel"] + arguments
    process.currentDirectoryURL = URL(filePath: Tree.root)
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    // A file, so that nothing has to read along while it runs.
    let log = folder.appending(path: "log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    let handle = try FileHandle(forWritingTo: log)
    process.standardOutput = handle
    process.standardError = handle
    let ended = AsyncStream<Int32> { stream in
      process.terminationHandler = {
        stream.yield($0.terminationStatus)
        stream.finish()
      }
    }
    try process.run()
    var status: Int32 = -1
    for await code in ended { status = code }
    try handle.close()
    return (status, try String(contentsOf: log, encoding: .utf8))
  }

  private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "kinora-tidy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test("the whole house is formatted")
  func whole() async throws {
    let result = try await lint(["--recursive", "Package.swift", "Sources", "Plugins", "Tests"])
    #expect(result.status == 0, "\(result.output.suffix(4000))")
  }

  @Test(
    "the formatter refuses what the house refuses",
    arguments: [
      ("NeverForceUnwrap", "let length = Int(\"1\")!\n"),
      ("NeverUseForceTry", "let number = try! make()\n"),
      ("NeverUseImplicitlyUnwrappedOptionals", "struct Half {\n  var whole: Int!\n}\n"),
      ("OrderedImports", "import Glibc\nimport FoundationEssentials\n"),
      ("Indentation", "func far() {\n        far()\n}\n"),
    ])
  func refuses(_ rule: String, _ text: String) async throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "Bad.swift")
    try text.write(to: file, atomically: true, encoding: .utf8)
    let result = try await lint(["--configuration", "\(Tree.root)/.swift-format", file.path])
    #expect(result.status != 0)
    #expect(result.output.contains("[\(rule)]"), "\(result.output)")
  }
}
