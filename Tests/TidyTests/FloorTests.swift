import Testing

/// The floors of the house: imports go strictly down, and what may touch the outside is written here.
@Suite struct FloorTests {
  /// Every module of ours with its floor; a module imports modules of lower floors only.
  static let floors: [String: Double] = [
    "CKinoraPlugin": 0, "CCurl": 0, "CSQLite": 0, "CYAML": 0, "CSystemd": 0, "CCrypto": 0,
    "CLLHTTP": 0, "CSys": 0, "KinoraPlugin": 0.5,
    "KinoraModel": 1, "KinoraLoop": 1.5,
    "KinoraHTTP": 2, "KinoraTransport": 2, "KinoraPluginHost": 2, "KinoraStore": 2,
    "KinoraSystem": 2,
    "KinoraCore": 3, "KinoraAPI": 4, "KinoraDaemon": 5,
    "kinorad": 6, "kinora": 6, "kinora-sim": 6, "kinora-plugin-check": 6,
  ]
  /// Where lower floors are not enough of a rule: all that a module may import of ours.
  static let only: [String: Set<String>] = [
    "KinoraPlugin": ["CKinoraPlugin"], "KinoraModel": [], "KinoraCore": ["KinoraModel"],
    "KinoraAPI": ["KinoraCore", "KinoraHTTP", "KinoraModel"],
    "kinora-sim": ["CCrypto", "CSys", "KinoraHTTP", "KinoraLoop", "KinoraModel"],
  ]
  /// Modules without I/O: Foundation's values and nothing else of the system.
  static let pure: Set<String> = ["KinoraCore", "KinoraPlugin"]
  /// Modules of the toolchain that any other file may import.
  static let system: Set<String> = ["FoundationEssentials", "Glibc", "Synchronization"]

  private static let sources = Tree.files(in: ["Sources"], endings: [".swift"])

  @Test("every folder of Sources has a floor, and every floor a folder")
  func table() {
    #expect(Tree.folders(in: "Sources") == Self.floors.keys.sorted())
  }

  @Test("imports go strictly down the floors")
  func down() {
    for file in Self.sources {
      for (module, line) in SwiftText.imports(file.text) {
        guard let floor = Self.floors[module] else { continue }
        let own = Self.floors[file.module] ?? -1
        #expect(
          floor < own && Self.only[file.module]?.contains(module) != false,
          "\(file):\(line) imports \(module)")
        // The SDK belongs to plugins: the host speaks C to them.
        #expect(module != "KinoraPlugin", "\(file):\(line)")
      }
    }
  }

  @Test(
    "all of Foundation is imported by the URLSession adapter alone, the pure floors import no system"
  )
  func foundation() {
    for file in Self.sources {
      for (module, line) in SwiftText.imports(file.text) where Self.floors[module] == nil {
        let isURLSession =
          file.module == "KinoraTransport" && file.path.contains("/Native/")
          && ["Foundation", "FoundationNetworking"].contains(module)
        let isPure = Self.pure.contains(file.module)
        #expect(
          (Self.system.contains(module) && !(isPure && module == "Glibc")) || isURLSession,
          "\(file):\(line) imports \(module)")
      }
    }
  }

  @Test("KinoraCore and KinoraModel ask the ports for time, chance, disk and network")
  func pureCode() {
    let outside = [
      "Date()", "Date.now", "UUID()", "Task.sleep", "FileManager", "URLSession", "ProcessInfo",
      "ContinuousClock", "SuspendingClock", "SystemRandomNumberGenerator", ".random(", "getenv(",
      "print(", "DispatchQueue", "FileHandle", "Data(contentsOf", "contentsOfFile",
    ]
    for file in Self.sources where ["KinoraCore", "KinoraModel"].contains(file.module) {
      #expect(file.words(outside).isEmpty, "\(file)")
    }
  }

  @Test("SQL and SQLite are the store's alone [T86]")
  func sql() {
    let statements =
      /\b(SELECT .+ FROM|INSERT INTO|DELETE FROM|CREATE TABLE|ALTER TABLE|UPDATE \w+ SET)\b/
    for file in Self.sources where file.module != "KinoraStore" {
      #expect(file.words(["sqlite3_", "CSQLite"]).isEmpty, "\(file)")
      #expect(file.text.firstMatch(of: statements) == nil, "\(file)")
    }
    #expect(
      Self.sources.contains {
        $0.module == "KinoraStore" && $0.text.firstMatch(of: statements) != nil
      })
  }

  @Test("one service makes jobs: every door goes through it, none reaches past it [B31]")
  func oneService() {
    let declared = Self.sources.filter {
      $0.code.firstMatch(of: /(class|struct|actor|enum) \w*(Video|Job|Generation)Service\b/) != nil
    }
    #expect(declared.map(\.path) == ["Sources/KinoraCore/Jobs/JobService.swift"])
    // Jobs begin in one place, and only that one hands them to the engine.
    let accepts = Self.sources.filter { $0.words(["engine.accept("]).count > 0 }
    #expect(accepts.map(\.path) == ["Sources/KinoraCore/Jobs/JobService.swift"])
    let doors = Self.sources.filter { $0.module == "KinoraAPI" }
    #expect(doors.count > 50)
    for file in doors {
      #expect(
        file.words(["Engine(", "engine.", "JobMachine", "store.commit", "JobRecord("]).isEmpty,
        "\(file)")
    }
  }

  @Test("plugins import their SDK and nothing of the host or the system")
  func plugins() {
    let allowed: Set<String> = ["KinoraPlugin", "CKinoraPlugin", "FoundationEssentials"]
    let files = Tree.files(in: ["Plugins"], endings: [".swift"])
    #expect(!files.isEmpty)
    for file in files {
      for (module, line) in SwiftText.imports(file.text) {
        #expect(allowed.contains(module), "\(file):\(line) imports \(module)")
      }
    }
  }

  @Test("Package.swift lists no dependency that goes up or sideways")
  func package() throws {
    let file = try #require(Tree.file("Package.swift"))
    let declaration = /(floor|program)\(\s*"([^"]+)"((?:,\s*"[^"]+")*)\)/
    let declared = file.text.matches(of: declaration)
    #expect(declared.count >= 14)
    for match in declared {
      let module = String(match.output.2)
      let own = try #require(Self.floors[module], "\(module) has no floor")
      for dependency in match.output.3.matches(of: /"([^"]+)"/) {
        let name = String(dependency.output.1)
        let floor = try #require(Self.floors[name], "\(name) has no floor")
        #expect(
          floor < own && Self.only[module]?.contains(name) != false, "\(module) needs \(name)")
      }
    }
  }

  @Test("the reader of imports sees through access levels, kinds, comments and strings")
  func reader() {
    let text = #"""
      // import Commented
      public import KinoraModel
      @preconcurrency import Glibc
      import struct FoundationEssentials.Data
      /* import Blocked */ let a = "import Quoted \(b("x")) \" import Escaped"
      let c = """
        import Inside
        """
      """#
    #expect(
      SwiftText.imports(text).map(\.module) == ["KinoraModel", "Glibc", "FoundationEssentials"])
    let code = SwiftText.code("a = \"\\(f(\")\"))\" + try! b // try! c")
    #expect(code.split(separator: " ") == ["a", "=", "+", "try!", "b"])
  }
}
