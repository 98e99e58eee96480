import Glibc
import KinoraModel
import KinoraSystem

/// Reads the named files, and `providers.d/*.yaml` beside the first, in the order of their names.
enum ConfigurationFiles {
  /// Bytes of one file that are read.
  private static let largest = 4 * 1024 * 1024

  static func load(_ names: [String]) -> (Configuration, [ConfigurationError]) {
    var files: [(name: String, bytes: [UInt8])] = []
    var errors: [ConfigurationError] = []
    for name in names + beside(names.first) {
      guard let bytes = read(name) else {
        errors.append(
          ConfigurationError(
            place: SourcePlace(file: name, line: 1, column: 1),
            message: "cannot be read: \(String(cString: strerror(errno)))"))
        continue
      }
      files.append((name, bytes))
    }
    guard errors.isEmpty else { return (Configuration(), errors) }
    let loaded = Configuration.load(files)
    return (loaded.configuration, loaded.errors)
  }

  /// The SHA-256 of all that `load` would read now, with the names of what is there: the same for the
  /// same configuration, however often its files were written.
  static func fingerprint(_ names: [String]) -> String {
    var text = ""
    for name in names + beside(names.first) {
      text += "\(name) \(read(name).map(Digest.sha256) ?? "-")\n"
    }
    return Digest.sha256(Array(text.utf8))
  }

  /// The first file that has no line end at its end: a cut one may be valid YAML and mean less.
  static func unfinished(_ names: [String]) -> String? {
    (names + beside(names.first)).first { name in
      read(name).map { $0.last != UInt8(ascii: "\n") } ?? false
    }
  }

  /// Tells when those files may have changed. Throws `unavailable`.
  static func changes(_ names: [String]) throws(KinoraError) -> AsyncStream<Void> {
    func split(_ path: String) -> (folder: String, name: String) {
      guard let slash = path.lastIndex(of: "/") else { return (".", path) }
      return (String(path[...slash]), String(path[path.index(after: slash)...]))
    }
    let files = names.map(split)
    let own = Set(files.map(\.name) + ["providers.d"])
    let folders = files.map(\.folder) + (files.first.map { ["\($0.folder)/providers.d"] } ?? [])
    return try FolderWatch.changes(in: Set(folders).sorted()) { name in
      own.contains(name) || name.hasSuffix(".yaml")
    }
  }

  private static func beside(_ first: String?) -> [String] {
    guard let first else { return [] }
    let folder = first.lastIndex(of: "/").map { String(first[...$0]) } ?? "./"
    let path = folder + "providers.d"
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".yaml"), !name.hasPrefix(".") { names.append("\(path)/\(name)") }
    }
    return names.sorted()
  }

  static func read(_ path: String) -> [UInt8]? {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= largest {
      let count = Glibc.read(fd, &buffer, buffer.count)
      if count == 0 { return bytes }
      guard count > 0 else { return nil }
      bytes.append(contentsOf: buffer[..<count])
    }
    errno = EFBIG
    return nil
  }
}
