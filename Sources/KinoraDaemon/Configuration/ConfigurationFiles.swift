import Glibc
import KinoraModel

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
