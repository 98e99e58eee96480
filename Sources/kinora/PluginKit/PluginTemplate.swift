import Glibc

/// The files of a new plugin in one language, as they lie under `share/kinora/templates`.
///
/// In their text and their names `@NAME@`, `@SYMBOL@` and `@TYPE@` stand for the plugin's name, `@SDK@`,
/// `@BIN@`, `@PLUGINS@`, `@SHARE@`, `@DOC@` for where Kinora is, `@HERE@` for the new folder.
struct PluginTemplate {
  private let folder: String
  private let places: [(String, String)]

  /// Finds it beside this program.
  init(language: String) throws(Failure) {
    let prefix = Files.folder(Files.folder(Programs.own))
    folder = "\(prefix)/share/kinora/templates/\(language)"
    places = [
      ("@SDK@", "\(prefix)/share/kinora/sdk"), ("@BIN@", "\(prefix)/bin"),
      ("@PLUGINS@", "\(prefix)/lib/kinora/plugins"), ("@SHARE@", "\(prefix)/share/kinora"),
      ("@DOC@", "\(prefix)/share/doc/kinora"),
    ]
    guard Files.exists(folder) else {
      throw Failure(
        exit: .configuration, what: "there is no template \(folder)",
        todo: ["make build and make install put it there"])
    }
  }

  /// Writes the plugin into a folder that does not exist yet, or is empty.
  func write(_ name: PluginName, to target: String) throws(Failure) {
    // Makefiles and YAML take these as they are.
    for path in [target] + places.map(\.1) where Shell.quoted(path) != path {
      throw .usage("\(Shell.quoted(path)) has characters that a Makefile cannot take")
    }
    if Files.exists(target) {
      guard rmdir(target) == 0 else {
        throw .usage("\(target) is there already", "take another folder: --dir DIR")
      }
    }
    let words =
      [("@NAME@", name.text), ("@SYMBOL@", name.symbol), ("@TYPE@", name.type), ("@HERE@", target)]
      + places
    for file in try Self.files(in: folder, below: "") {
      guard let text = Files.text("\(folder)/\(file)") else {
        throw .system("cannot read \(folder)/\(file)", errno)
      }
      let path = "\(target)/\(Self.filled(file, words))"
      try Files.makeFolders(Files.folder(path), mode: 0o755)
      try Files.replace(path, Self.filled(text, words), mode: 0o644)
    }
  }

  private static func filled(_ text: String, _ words: [(String, String)]) -> String {
    words.reduce(text) { text, word in
      text.split(separator: word.0, omittingEmptySubsequences: false).joined(separator: word.1)
    }
  }

  private static func files(in folder: String, below path: String) throws(Failure) -> [String] {
    guard let directory = opendir("\(folder)/\(path)") else {
      throw .system("cannot read \(folder)/\(path)", errno)
    }
    defer { closedir(directory) }
    var found: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name != ".", name != ".." else { continue }
      var info = stat()
      guard stat("\(folder)/\(path)\(name)", &info) == 0 else { continue }
      if info.st_mode & S_IFMT == S_IFDIR {
        found += try files(in: folder, below: "\(path)\(name)/")
      } else {
        found.append("\(path)\(name)")
      }
    }
    return found.sorted()
  }
}
