import Glibc
import KinoraModel

/// Folders of the state directory.
enum Folder {
  /// Makes a folder for this user alone; one that is there is fine.
  static func make(_ path: String) throws(KinoraError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    throw KinoraError(.storeFailed, "mkdir \(path): \(describe(errno: errno))")
  }

  /// The names in a folder, in no order; empty when it cannot be read.
  static func names(in path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Removes a file, or a folder with the files in it and one level below.
  static func remove(_ path: String, depth: Int = 2) {
    if unlink(path) == 0 { return }
    if depth > 0 { for name in names(in: path) { remove(path + "/" + name, depth: depth - 1) } }
    rmdir(path)
  }
}
