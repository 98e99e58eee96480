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
    let folder = String(path[...slash])
    let pattern = String(path[path.index(after: slash)...])
    guard let stream = opendir(folder) else { return path }
    defer { closedir(stream) }
    var best: (time: timespec, path: String)?
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var info = stat()
      guard fnmatch(pattern, name, FNM_PERIOD) == 0, stat(folder + name, &info) == 0 else {
        continue
      }
      let time = info.st_mtim
      if let old = best,
        (time.tv_sec, time.tv_nsec, folder + name) <= (old.time.tv_sec, old.time.tv_nsec, old.path)
      {
        continue
      }
      best = (time, folder + name)
    }
    return best?.path ?? path
  }
}
