import Glibc
import KinoraModel
import KinoraPluginHost
import Testing

/// Whose code may become part of the daemon.
@Suite struct TrustTests {
  private static var me: TrustRule {
    TrustRule(uid: geteuid(), gid: getegid()) { _ in false }
  }

  /// A file in a folder of its own under /tmp, which is root's and sticky.
  private struct Place {
    let folder: String
    let file: String

    init(fileMode: mode_t = 0o755, folderMode: mode_t = 0o755) throws {
      folder = try Linked.temporaryFolder()
      file = "\(folder)/kinora-x.so"
      try Hostile.write("x", to: file)
      guard chmod(file, fileMode) == 0, chmod(folder, folderMode) == 0 else {
        throw KinoraError(.storeFailed, "chmod")
      }
    }
  }

  private static let table: [(file: mode_t, folder: mode_t, trusted: Bool)] = [
    (0o755, 0o755, true), (0o644, 0o755, true), (0o600, 0o700, true),
    // Our own group, with nobody else in it.
    (0o775, 0o755, true), (0o755, 0o775, true),
    (0o757, 0o755, false), (0o777, 0o755, false), (0o755, 0o757, false), (0o755, 0o777, false),
  ]

  @Test("modes of a file and its folder", arguments: table)
  func modes(_ row: (file: mode_t, folder: mode_t, trusted: Bool)) throws {
    let place = try Place(fileMode: row.file, folderMode: row.folder)
    let problems = Self.me.problems(place.file)
    #expect(problems.isEmpty == row.trusted, "\(problems)")
    for problem in problems { #expect(problem.contains("chmod o-w /tmp/kinora-plugin-test")) }
  }

  @Test("a group that has another member, or is not ours, may not write")
  func groups() throws {
    let place = try Place(fileMode: 0o775)
    let shared = TrustRule(uid: geteuid(), gid: getegid()) { _ in true }
    #expect(
      shared.problems(place.file) == [
        "\(place.file) is writable by group \(getegid()), which has other members: "
          + "chmod g-w \(place.file)"
      ])
    // Somebody else's group, for a file whose group is ours: only where ours is not root's.
    guard getegid() != 0 else { return }
    let other = TrustRule(uid: geteuid(), gid: getegid() + 1) { _ in false }
    #expect(other.problems(place.file).count == 1)
  }

  @Test("a foreign group may not write", .enabled(if: geteuid() == 0))
  func foreignGroup() throws {
    let place = try Place(fileMode: 0o775)
    #expect(chown(place.file, 0, 12345) == 0)
    #expect(
      Self.me.problems(place.file) == [
        "\(place.file) is writable by group 12345: chmod g-w \(place.file)"
      ])
  }

  @Test("a file of somebody else is refused, wherever it lies")
  func owner() throws {
    let place = try Place()
    let rule: TrustRule
    let owner: UInt32
    if geteuid() == 0 {
      owner = 12345
      #expect(chown(place.file, owner, 0) == 0)
      rule = Self.me
    } else {
      owner = geteuid()
      rule = TrustRule(uid: owner + 1, gid: getegid()) { _ in false }
    }
    let problems = rule.problems(place.file)
    let expected =
      "\(place.file) belongs to uid \(owner), not to root or uid \(rule.uid): "
      + "chown root \(place.file)"
    #expect(problems.contains(expected))
  }

  @Test("a link, a folder and a missing file are no plugin")
  func kinds() throws {
    let place = try Place()
    let link = "\(place.folder)/kinora-link.so"
    #expect(symlink(place.file, link) == 0)
    #expect(Self.me.problems(link).first?.contains("is a symbolic link") == true)
    #expect(Self.me.problems(place.folder) == ["\(place.folder) is not a regular file"])
    #expect(
      Self.me.problems("\(place.folder)/none").first?.contains("No such file") == true)
  }

  @Test("a folder that is a link is followed, and what it leads to is judged")
  func linkedFolder() throws {
    let place = try Place()
    let open = try Place(folderMode: 0o777)
    let link = "\(place.folder)/plugins"
    #expect(symlink(open.folder, link) == 0)
    let problems = Self.me.problems("\(link)/kinora-x.so")
    #expect(problems == ["\(open.folder) is writable by others: chmod o-w \(open.folder)"])
  }

  @Test("a sticky folder is accepted only when it is root's")
  func sticky() throws {
    let place = try Place(folderMode: 0o1777)
    let owner = geteuid()
    let problems = Self.me.problems(place.file)
    #expect(problems.isEmpty == (owner == 0))
    if owner == 0 {
      #expect(chown(place.folder, 12345, 0) == 0)
      #expect(Self.me.problems(place.file).count == 2)
    }
  }

  @Test("everything that is wrong is said at once")
  func all() throws {
    let place = try Place(fileMode: 0o777, folderMode: 0o777)
    #expect(Self.me.problems(place.file).count == 2)
  }

  @Test("the system's rule accepts what the system installed")
  func system() {
    #expect(TrustRule.system.problems("/bin/ls").isEmpty || access("/bin/ls", F_OK) != 0)
    #expect(TrustRule.system.uid == geteuid())
  }
}
