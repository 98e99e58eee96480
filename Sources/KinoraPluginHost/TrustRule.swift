import CCrypto
import Glibc
import KinoraModel

/// Whose files are loaded: code in a plugin is code in the daemon.
///
/// A file must be regular, no symbolic link, owned by root or the daemon's user, and not writable by
/// others; by a group only if it is root's or the daemon user's own and nobody else is in it. The same
/// for every folder above; a folder of root's with the sticky bit (/tmp) is accepted, since nobody can
/// replace another's file in it.
public struct TrustRule: Sendable {
  /// The daemon's user.
  public var uid: UInt32
  /// Its primary group.
  public var gid: UInt32
  /// Whether a group has members besides root and the daemon's user.
  public var groupHasOthers: @Sendable (_ gid: UInt32) -> Bool

  /// The rule for a user.
  public init(
    uid: UInt32, gid: UInt32, groupHasOthers: @escaping @Sendable (_ gid: UInt32) -> Bool
  ) {
    self.uid = uid
    self.gid = gid
    self.groupHasOthers = groupHasOthers
  }

  /// The rule for the user of this process, by the system's user database.
  public static var system: TrustRule {
    let uid = geteuid()
    return TrustRule(uid: uid, gid: getegid()) { Group.hasOthers(gid: $0, than: uid) }
  }

  /// All that speaks against a file, with the command that mends it; empty when it is trusted.
  /// `path` is absolute.
  public func problems(_ path: String) -> [String] {
    var facts = stat()
    guard lstat(path, &facts) == 0 else {
      return ["\(path) cannot be looked at: \(String(cString: strerror(errno)))"]
    }
    var problems: [String] = []
    switch facts.st_mode & S_IFMT {
    case S_IFREG: problems += self.problems(path, facts, isFolder: false)
    case S_IFLNK:
      problems.append("\(path) is a symbolic link: put the file itself there")
    default: problems.append("\(path) is not a regular file")
    }
    for folder in folders(above: path) {
      guard lstat(folder, &facts) == 0 else {
        problems.append("\(folder) cannot be looked at: \(String(cString: strerror(errno)))")
        continue
      }
      problems += self.problems(folder, facts, isFolder: true)
    }
    return problems
  }

  private func problems(_ path: String, _ facts: stat, isFolder: Bool) -> [String] {
    var problems: [String] = []
    let isLink = facts.st_mode & S_IFMT == S_IFLNK
    if facts.st_uid != 0, facts.st_uid != uid {
      problems.append(
        "\(path) belongs to uid \(facts.st_uid), not to root or uid \(uid): chown root \(path)")
    }
    // A link's mode means nothing; who may replace it is said by its folder.
    if isLink { return problems }
    if isFolder, facts.st_uid == 0, facts.st_mode & S_ISVTX != 0 { return problems }
    if facts.st_mode & S_IWOTH != 0 {
      problems.append("\(path) is writable by others: chmod o-w \(path)")
    }
    if facts.st_mode & S_IWGRP != 0 {
      let isOurs = facts.st_gid == 0 || facts.st_gid == gid
      if !isOurs {
        problems.append("\(path) is writable by group \(facts.st_gid): chmod g-w \(path)")
      } else if groupHasOthers(facts.st_gid) {
        problems.append(
          "\(path) is writable by group \(facts.st_gid), which has other members: chmod g-w \(path)"
        )
      }
    }
    return problems
  }

  /// Every folder above, as written and, where links are among them, as they resolve.
  private func folders(above path: String) -> [String] {
    var folders = prefixes(path)
    if let parent = folders.last, let real = realpath(parent, nil) {
      defer { free(real) }
      let resolved = String(cString: real)
      if resolved != parent {
        for folder in prefixes(resolved) + [resolved] where !folders.contains(folder) {
          folders.append(folder)
        }
      }
    }
    return folders
  }

  private func prefixes(_ path: String) -> [String] {
    var folders = ["/"]
    for name in path.split(separator: "/").dropLast() {
      folders.append(folders.last == "/" ? "/\(name)" : "\(folders.last ?? "")/\(name)")
    }
    return folders
  }
}

/// SHA-256 of bytes, in hexadecimal.
func sha256(_ bytes: [UInt8]) -> String {
  var digest = [UInt8](repeating: 0, count: 32)
  EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
  return digest.hexadecimal
}
