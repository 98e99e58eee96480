public import KinoraModel

/// The transcripts of a plugin: every `*.jsonl` of a folder, in the order of their names.
public struct TranscriptFolder: Sendable {
  /// One file.
  public struct File: Sendable {
    /// Its path.
    public var path: String
    /// Its content.
    public var transcript: Transcript
  }
  /// The files.
  public let files: [File]

  /// Reads a folder. Throws `notFound` when it cannot be read and `malformedBody` for a bad line.
  public init(_ folder: String) throws(KinoraError) {
    guard let names = Disk.names(in: folder) else {
      throw KinoraError(.notFound, "\(folder) cannot be read")
    }
    var files: [File] = []
    for name in names where name.hasSuffix(".jsonl") {
      let path = "\(folder)/\(name)"
      guard let bytes = Disk.read(path, limit: 16 * 1024 * 1024) else {
        throw KinoraError(.notFound, "\(path) cannot be read")
      }
      do throws(KinoraError) {
        files.append(
          File(path: path, transcript: try Transcript(String(decoding: bytes, as: UTF8.self))))
      } catch {
        throw KinoraError(error.code, "\(path): \(error.message)")
      }
    }
    self.files = files
  }

  /// Plays all files to a plugin; each complaint is `FILE:LINE` with both steps. With `rewrite` the
  /// files are written anew instead where they differ, which is how a golden is made.
  public func check(_ plugin: LoadedPlugin, rewrite: Bool) throws(KinoraError) -> [String] {
    var complaints: [String] = []
    for file in files {
      let differences = try file.transcript.replay(plugin)
      if rewrite, !differences.isEmpty {
        let text = try file.transcript.rewritten(plugin)
        guard Disk.replace(file.path, with: Array(text.utf8)) else {
          throw KinoraError(.storeFailed, "\(file.path) cannot be written")
        }
        continue
      }
      complaints += differences.map {
        "\(file.path):\($0.number): expected \($0.expected), the plugin did \($0.actual)"
      }
    }
    return complaints
  }
}
