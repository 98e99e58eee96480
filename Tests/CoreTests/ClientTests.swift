import KinoraCore
import KinoraModel
import Testing

/// Who is which client, and what its rules allow.
@Suite struct ClientTests {
  private func table(_ change: (inout ClientRules) -> Void = { _ in }) -> ClientTable {
    var bot = ClientRules(name: "bot")
    bot.principals = ["uid:1001", "gid:2000", "key:a"]
    change(&bot)
    var other = ClientRules(name: "other")
    other.principals = ["uid:1002"]
    other.scopes = [.read]
    return ClientTable([bot, other], usualConcurrency: 0)
  }

  @Test("without clients each principal is its own")
  func none() throws {
    let viewer = try ClientTable.none.viewer(uid: 1001, gid: 5, isRoot: false)
    #expect(viewer == Viewer(principal: "uid:1001", client: "uid:1001", isAdmin: false))
    #expect(viewer.scopes == [.submit, .read])
    #expect(try ClientTable.none.viewer(uid: 0, gid: 0, isRoot: true).isAdmin)
    #expect(try ClientTable.none.viewer(key: "a", own: nil).client == "key:a")
    #expect(try ClientTable.none.viewer(key: "a", own: "bot").client == "bot")
  }

  @Test("the uid counts before the group, and a stranger is told what to add")
  func matching() throws {
    let table = table()
    #expect(try table.viewer(uid: 1001, gid: 7, isRoot: false).client == "bot")
    #expect(try table.viewer(uid: 9, gid: 2000, isRoot: false).client == "bot")
    #expect(try table.viewer(uid: 1002, gid: 2000, isRoot: false).client == "other")
    #expect(try table.viewer(key: "a", own: nil).client == "bot")
    #expect(try table.viewer(key: "b", own: "bot").principal == "key:b")
    for own in [nil, "nobody"] {
      #expect(throws: KinoraError.self) { try table.viewer(key: "b", own: own) }
    }
    let error = #expect(throws: KinoraError.self) {
      try table.viewer(uid: 9, gid: 8, isRoot: false)
    }
    #expect(error?.code == .forbidden)
    #expect(error?.message.contains("\"uid:9\"") == true)
    let root = try table.viewer(uid: 0, gid: 0, isRoot: true)
    #expect(root.isAdmin && root.client == "uid:0")
  }

  @Test("scopes are needed one by one; admin sees all")
  func scopes() throws {
    let reader = try table().viewer(uid: 1002, gid: 1, isRoot: false)
    try reader.need(.read)
    #expect(throws: KinoraError.self) { try reader.need(.submit) }
    let admin = try table { $0.scopes = [.admin] }.viewer(uid: 1001, gid: 1, isRoot: false)
    #expect(admin.isAdmin)
    #expect(throws: KinoraError.self) { try admin.need(.read) }
  }

  @Test(
    "patterns of models",
    arguments: [
      ("*", "a/b", true), ("a/*", "a/b/c", true), ("a/*", "b/a/", false), ("a", "a", true),
      ("a", "ab", false), ("*veo*", "google/veo-3.1", true), ("a*a", "a", false),
      ("a*b*c", "abc", true),
      ("a*b*c", "acb", false), ("", "", true), ("*x", "yx", true), ("**", "z", true),
    ])
  func globs(pattern: String, text: String, fits: Bool) {
    #expect(Glob.matches(pattern, text) == fits)
  }

  @Test("a limit that is raised wakes who was parked at the old one")
  func parked() {
    var fair = FairQueue { _ in 1 }
    fair.setLimit(provider: "p", 0)
    let jobs = (0..<3).map { JobID(rawValue: "j\($0)") }
    for job in jobs { fair.add(job, client: "bot", provider: "p") }
    #expect(fair.next(provider: "p") == jobs[0])
    #expect(fair.next(provider: "p") == nil)
    fair.setClientLimit { _ in 2 }
    #expect(fair.next(provider: "p") == jobs[1])
    #expect(fair.next(provider: "p") == nil)
    fair.setClientLimit { _ in 0 }
    #expect(fair.next(provider: "p") == jobs[2])
  }
}
