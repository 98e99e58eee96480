import Glibc

/// Who is in a group.
enum Group {
  /// Whether anybody but root and `uid` is in a group, by its list or as a primary group. A group that
  /// cannot be read has others: the careful answer.
  static func hasOthers(gid: UInt32, than uid: UInt32) -> Bool {
    var allowed: Set<String> = []
    for id in [0, uid] {
      if let name = name(of: id) { allowed.insert(name) }
    }
    guard let members = members(gid), members.allSatisfy(allowed.contains) else { return true }
    // Primary groups stand in the user database only. The file is read, not the service switch:
    // listing a directory server's users is slow and is switched off at most sites.
    guard let bytes = Disk.read("/etc/passwd", limit: 16 * 1024 * 1024) else { return true }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count >= 4, UInt32(fields[3]) == gid, let user = UInt32(fields[2]) else {
        continue
      }
      if user != 0, user != uid { return true }
    }
    return false
  }

  private static func name(of uid: UInt32) -> String? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16 * 1024)
    guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil,
      let name = entry.pw_name
    else { return nil }
    return String(cString: name)
  }

  private static func members(_ gid: UInt32) -> [String]? {
    var entry = group()
    var found: UnsafeMutablePointer<group>?
    var buffer = [CChar](repeating: 0, count: 256 * 1024)
    guard getgrgid_r(gid, &entry, &buffer, buffer.count, &found) == 0 else { return nil }
    // A group without an entry has no members beyond primary ones.
    guard found != nil, var at = entry.gr_mem else { return [] }
    var names: [String] = []
    while let name = at.pointee {
      names.append(String(cString: name))
      at += 1
    }
    return names
  }
}
