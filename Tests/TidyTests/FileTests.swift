import Testing

/// What every file keeps to: its size, and words that may not be in it.
@Suite struct FileTests {
  static let swift = Tree.files(in: ["Sources", "Plugins", "Tests"], endings: [".swift"])
  static let shipped = Tree.files(in: ["Sources", "Plugins"], endings: [".swift"])
  /// All text that a reader meets.
  static let all =
    Tree.files(
      in: ["Sources", "Plugins", "Tests", "docs", "etc", "systemd", "packaging", ".ci"],
      endings: [".swift", ".c", ".h", ".py", ".sh", ".md", ".yaml", ".txt", ".conf", "/run"])
    + ["README.md", "Makefile", "Package.swift", ".ci/run"].compactMap(Tree.file)

  /// A file is one idea. Longer is a reason to look.
  static let look = 300
  /// Longer is refused.
  static let most = 400
  /// The median of all files.
  static let median = 120

  // A catalog is data in the form of a Swift literal.
  private static func isData(_ file: ProjectFile) -> Bool {
    file.path.hasPrefix("Plugins/") && file.name.contains("Catalog")
  }

  @Test("no file has more than 400 lines, few have more than 300, the median has at most 120")
  func sizes() {
    let code =
      Self.swift.filter { !Self.isData($0) }
      + Tree.files(in: ["Sources", "Plugins", "Tests"], endings: [".c", ".h", ".py"])
    for file in code {
      #expect(file.count <= Self.most, "\(file) has \(file.count) lines")
    }
    let long = code.filter { $0.count > Self.look }
    #expect(long.count * 20 <= code.count, "over \(Self.look) lines: \(long)")
    let counts = code.map(\.count).sorted()
    #expect(counts[counts.count / 2] <= Self.median)
  }

  /// A plugin's Swift and C by its folder, what its catalog says of models aside.
  private static let plugins = Dictionary(
    grouping: Tree.files(in: ["Plugins"], endings: [".swift", ".c"]).filter { !isData($0) },
    by: \.module)

  @Test("a plugin has fewer than 200 lines in the median, none of its files more than 300")
  func plugins() {
    let totals = Self.plugins.mapValues { $0.reduce(0) { $0 + $1.count } }
    let median = totals.values.sorted()[totals.count / 2]
    #expect(median < 200, "\(totals.sorted { $0.value < $1.value })")
    for file in Self.plugins.values.joined() {
      #expect(file.count <= Self.look, "\(file) has \(file.count) lines")
    }
  }

  @Test("shipped code has no forced try, cast or trap")
  func forced() {
    for file in Self.shipped {
      let traps = ["try!", "as!", "fatalError(", "preconditionFailure(", "@testable"]
      #expect(file.words(traps).isEmpty, "\(file)")
    }
  }

  @Test("tests do not block a thread of the pool, and see what a release build shows")
  func blocking() {
    for file in Self.swift where file.path.hasPrefix("Tests/") {
      // Spelt in parts, so that this file does not find itself.
      #expect(file.words(["@test" + "able import"]).isEmpty, "\(file)")
      let blocks = ["waitUntilExit", "Thread.sleep", "DispatchSemaphore"]
      #expect(file.words(blocks).isEmpty, "\(file)")
    }
  }

  @Test("nothing is left for later, and no path of anybody's machine is written down")
  func leftovers() {
    // Spelt in parts, so that this file does not find itself.
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
    let paths = ["/ro" + "ot/", "/ho" + "me/", "/wo" + "rk/", "/opt/sw" + "ift"]
    for file in Self.all {
      // The Makefile looks for the toolchain at one well-known place.
      let found = (file.path == "Makefile" ? words : words + paths).filter(file.text.contains)
      #expect(found.isEmpty, "\(file)")
      #expect(!file.name.hasPrefix("Placeholder"), "\(file)")
    }
  }

  @Test("every file of more than a screen says in a comment what it is for")
  func comments() {
    for file in Self.shipped where file.count > 60 {
      let hasComment = file.text.contains("//")
      #expect(hasComment, "\(file) has no comment")
    }
    for file in Tree.files(in: ["Tests", "packaging"], endings: [".py", ".sh", "/run"]) {
      let head = file.lines.prefix(4).joined(separator: "\n")
      let hasComment = head.contains("# ") || head.contains("\"\"\"")
      #expect(hasComment, "\(file) begins without a comment")
    }
  }

  @Test("text ends with a line end, and has no tab or space before one")
  func whitespace() {
    for file in Self.all {
      let isEnded = file.text.hasSuffix("\n") || file.text.isEmpty
      #expect(isEnded, "\(file) has no line end at its end")
      let bad = file.lines.firstIndex { $0.hasSuffix(" ") || $0.hasSuffix("\t") }
      #expect(bad == nil, "\(file):\((bad ?? 0) + 1) ends in white space")
    }
  }
}
