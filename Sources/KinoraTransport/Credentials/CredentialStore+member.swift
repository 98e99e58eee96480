import Glibc
import KinoraModel

extension CredentialStore {
  /// The secret `NAME`, or with `NAME.member.member` a string inside of one that is a JSON object, as
  /// the credential files of clouds are. Throws `credentialMissing`, which names the member and never
  /// says what else the file holds.
  func value(_ path: String) throws(KinoraError) -> Secret {
    let parts = path.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 1, !isConfigured(path), let name = parts.first.map(String.init) else {
      return try secret(path)
    }
    let text = try secret(name)
    guard var json = try? JSON.parse(Array(text.reveal().utf8)), json.members != nil else {
      throw missing(name, "is not JSON: \(describe(name))")
    }
    for part in parts.dropFirst() { json = json[String(part)] ?? .null }
    guard let value = json.string, !value.isEmpty else {
      let member = parts.dropFirst().joined(separator: ".")
      throw missing(name, "has no member \(member): \(describe(name))")
    }
    return Secret(value)
  }

  /// The stored credential that a path such as `NAME.member` reads from.
  static func base(_ path: String, among declared: Set<String>) -> String? {
    if declared.contains(path) { return path }
    let name = String(path.prefix { $0 != "." })
    return declared.contains(name) ? name : nil
  }

  /// The file that a configured path means. With `*` in its last part it is the newest match, so that
  /// a program that writes a file for each login (`gemini-*.json`) is followed.
  static func newest(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), path[slash...].contains("*") else { return path }
    return files(String(path[...slash]), String(path[path.index(after: slash)...])).first ?? path
  }

  /// The newest file of a folder of logins that is not switched off; the pattern itself for none.
  static func login(in folder: String, _ pattern: String) -> String {
    let all = files(folder.hasSuffix("/") ? folder : folder + "/", pattern)
    return all.first { LoginFile(path: $0, members: []).isEnabled } ?? all.first
      ?? "\(folder)/\(pattern)"
  }

  /// What fits in a folder, the newest first.
  private static func files(_ folder: String, _ pattern: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var found: [(seconds: Int, nanoseconds: Int, path: String)] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var info = stat()
      guard fnmatch(pattern, name, FNM_PERIOD) == 0, stat(folder + name, &info) == 0 else {
        continue
      }
      found.append((info.st_mtim.tv_sec, info.st_mtim.tv_nsec, folder + name))
    }
    return found.sorted { $0 > $1 }.map(\.path)
  }
}
