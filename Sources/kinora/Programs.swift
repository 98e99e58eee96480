/// The other programs, found beside this one: `bin/NAME`, `lib/kinora/plugins`.
enum Programs {
  /// This program's own file.
  static var own: String { Files.link("/proc/self/exe") ?? "kinora" }

  /// A program of ours.
  static func named(_ name: String) throws(Failure) -> String {
    let path = "\(Files.folder(own))/\(name)"
    guard Files.isExecutable(path) else {
      throw Failure(
        exit: .configuration, what: "\(name) is not beside \(own)",
        todo: ["make build puts all programs into build/bin"])
    }
    return path
  }

  /// The folder with the plugins.
  static func plugins() throws(Failure) -> String {
    let path = "\(Files.folder(Files.folder(own)))/lib/kinora/plugins"
    guard Files.exists(path) else {
      throw Failure(
        exit: .configuration, what: "there is no plugin folder \(path)",
        todo: ["make build puts the plugins there"])
    }
    return path
  }

  /// A program of the system, or nil when it is not installed.
  static func installed(_ name: String) -> String? {
    ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"].map { "\($0)/\(name)" }
      .first(where: Files.isExecutable)
  }
}
