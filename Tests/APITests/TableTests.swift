import KinoraAPI
import KinoraModel
import Testing

/// The tables that all doors share, and the pages that show them.
@Suite struct TableTests {
  private static func page(_ name: String) -> String {
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return String(decoding: TestFiles.read("\(root)/docs/\(name)"), as: UTF8.self)
  }

  /// The cells of the rows of a table that begins with this heading.
  private static func rows(_ page: String, _ head: String) -> [[String]] {
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    guard let at = lines.firstIndex(where: { $0.hasPrefix(head) }) else { return [] }
    return lines[(at + 2)...].prefix { $0.hasPrefix("|") }.map { line in
      line.split(separator: "|").map { $0.trimmed }
    }
  }

  @Test("every state has its word in every dialect, and the page has the same ones [P18]")
  func statusWords() {
    let documented = Self.rows(Self.page("front-doors.md"), "| state |")
    let known = JobState.allCases.map { state in
      let words = StatusWords.of(state)
      return [
        state.rawValue, words.openAI, words.tanStack, words.openRouter, words.interactions,
        words.gateway,
      ]
    }
    #expect(Set(documented) == Set(known))
    #expect(documented.count == known.count)
  }

  @Test("a word ends a client's polling exactly where the job is outwardly over [P18]")
  func ends() {
    let ends: Set = ["completed", "failed", "cancelled", "expired", "error"]
    for state in JobState.allCases {
      let words = StatusWords.of(state)
      for word in [
        words.openAI, words.tanStack, words.openRouter, words.interactions, words.gateway,
      ] {
        #expect(ends.contains(word) == state.isOutwardlyOver, "\(state) is \(word)")
        #expect((word == "completed") == (state == .completed), "\(state) is \(word)")
      }
    }
  }

  @Test("every error has its status in every dialect, and the page has the same ones [P19]")
  func errors() {
    let documented = Self.rows(Self.page("errors.md"), "| code |")
    let known = ErrorTable.rows.map { code, row in
      [
        code.rawValue, row.title, "\(row.status)", "\(ErrorTable.storage(code))",
        "\(ErrorTable.gatewayJob(code))", row.mayRepeat ? "yes" : "no",
      ]
    }
    // The last cell is the command line's: Tests/e2e/test_errors.py.
    #expect(Set(documented.map { Array($0.dropLast()) }) == Set(known))
    #expect(documented.count == known.count)
  }
}

extension Substring {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
