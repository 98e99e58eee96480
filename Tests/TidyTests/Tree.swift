import Foundation

/// One text file of the project.
struct ProjectFile: CustomStringConvertible, Sendable {
  /// Its path below the project's folder.
  let path: String
  /// Its text.
  let text: String

  var name: String { String(path.split(separator: "/").last ?? "") }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  /// Lines as `wc -l` counts them.
  var count: Int { text.utf8.count { $0 == 10 } }
  /// The folder below `Sources`, `Plugins` or `Tests`: a module.
  var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
  /// Swift without what is inside comments and string literals, so that a search finds code only.
  var code: String { SwiftText.code(text) }
  var description: String { path }

  /// Those of `words` that the code contains.
  func words(_ words: [String]) -> [String] {
    let code = code
    return words.filter(code.contains)
  }
}

/// The project's files as they are on disk.
enum Tree {
  /// The project's folder: three above this file.
  static let root: String = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/")
  }()

  /// All files of some folders whose name ends in one of `endings`; what is hidden or was made by a
  /// tool is left out.
  static func files(in folders: [String], endings: [String]) -> [ProjectFile] {
    var files: [ProjectFile] = []
    for folder in folders {
      let names = FileManager.default.enumerator(atPath: "\(root)/\(folder)")
      for case let name as String in names ?? .init() {
        let isMade = name.split(separator: "/").contains {
          $0.hasPrefix(".") || $0 == "__pycache__"
        }
        guard !isMade, endings.contains(where: name.hasSuffix) else { continue }
        if let file = file("\(folder)/\(name)") { files.append(file) }
      }
    }
    return files.sorted { $0.path < $1.path }
  }

  /// One file; nil when it is not there or not text.
  static func file(_ path: String) -> ProjectFile? {
    guard let bytes = FileManager.default.contents(atPath: "\(root)/\(path)"),
      let text = String(bytes: bytes, encoding: .utf8)
    else { return nil }
    return ProjectFile(path: path, text: text)
  }

  /// The folders that are directly in a folder.
  static func folders(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
    return names.filter { name in
      var isFolder = ObjCBool(false)
      _ = FileManager.default.fileExists(
        atPath: "\(root)/\(folder)/\(name)", isDirectory: &isFolder)
      return isFolder.boolValue && !name.hasPrefix(".")
    }.sorted()
  }
}
