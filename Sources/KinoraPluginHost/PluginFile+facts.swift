public import KinoraModel

extension PluginFile {
  /// What the file says of itself without being mapped, for `kinora-plugin-check`.
  public struct Facts: Sendable {
    /// `ABI 1.0, Swift 6.3.1`; nil without a note.
    public var note: String?
    /// Names of exported symbols.
    public var exports: [String]
  }

  /// Reads the file. Throws `notFound` when it cannot be read or is no library of this machine.
  public func facts() throws(KinoraError) -> Facts {
    guard let bytes = Disk.read(path, limit: PluginLimits.fileBytes) else {
      throw KinoraError(.notFound, "\(path) cannot be read")
    }
    let file = ELFFile(bytes)
    if let problem = file.problem { throw KinoraError(.notFound, "\(path): \(problem)") }
    return Facts(
      note: file.note.map { "ABI \($0.major).\($0.minor), \(Runtime.name($0.runtime))" },
      exports: file.exports)
  }
}
