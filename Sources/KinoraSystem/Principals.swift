import Glibc

/// Names of users and groups, for people to read. Rights never depend on a name.
public enum Principals {
  /// Enough for any entry; getpwuid_r(3) asks for a buffer.
  private static let entryBytes = 16 * 1024

  /// The user's name, nil for a uid without one.
  public static func userName(_ uid: UInt32) -> String? {
    withEntry { buffer in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      guard getpwuid_r(uid, &entry, buffer, entryBytes, &found) == 0, found != nil else {
        return nil
      }
      return String(cString: entry.pw_name)
    }
  }

  /// The group's name, nil for a gid without one.
  public static func groupName(_ gid: UInt32) -> String? {
    withEntry { buffer in
      var entry = group()
      var found: UnsafeMutablePointer<group>?
      guard getgrgid_r(gid, &entry, buffer, entryBytes, &found) == 0, found != nil else {
        return nil
      }
      return String(cString: entry.gr_name)
    }
  }

  /// The uid of a name, nil when nobody has it.
  public static func userID(_ name: String) -> UInt32? {
    withEntry { buffer in
      var entry = passwd()
      var found: UnsafeMutablePointer<passwd>?
      guard getpwnam_r(name, &entry, buffer, entryBytes, &found) == 0, found != nil else {
        return nil
      }
      return entry.pw_uid
    }
  }

  /// The gid of a name, nil when no group has it.
  public static func groupID(_ name: String) -> UInt32? {
    withEntry { buffer in
      var entry = group()
      var found: UnsafeMutablePointer<group>?
      guard getgrnam_r(name, &entry, buffer, entryBytes, &found) == 0, found != nil else {
        return nil
      }
      return entry.gr_gid
    }
  }

  private static func withEntry<Value>(
    _ look: (UnsafeMutablePointer<CChar>) -> Value?
  ) -> Value? {
    let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: entryBytes)
    defer { buffer.deallocate() }
    return look(buffer)
  }
}
