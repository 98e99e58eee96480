import KinoraCore
import KinoraModel
import Synchronization

/// The keys of TCP clients: a file of lines `ID SHA256`, read again when it changes.
///
/// A key itself is stored nowhere; its SHA-256 in hexadecimal is. Lines that begin with `#` are
/// comments.
final class Keys: Sendable {
  private let path: String
  private let table: Mutex<[String: String]>

  /// Throws `configuration` when the file cannot be read or a line is not of the form.
  init(path: String) throws(KinoraError) {
    self.path = path
    table = Mutex(try Self.read(path))
  }

  /// Reads the file again; a bad file keeps the old keys and throws.
  func reload() throws(KinoraError) {
    let fresh = try Self.read(path)
    table.withLock { $0 = fresh }
  }

  /// Who has this key, or nil.
  func viewer(_ key: String) -> Viewer? {
    // Looked up by hash, so the time it takes tells nothing about a key that nearly fits.
    guard let id = table.withLock({ $0[Digest.sha256(Array(key.utf8))] }) else { return nil }
    return Viewer(principal: "key:\(id)", client: "key:\(id)", isAdmin: false)
  }

  private static func read(_ path: String) throws(KinoraError) -> [String: String] {
    guard let bytes = ConfigurationFiles.read(path) else {
      throw KinoraError(.configuration, "listen.tcp.keys_file: \(path) cannot be read")
    }
    var keys: [String: String] = [:]
    for (number, line) in String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false
    ).enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.isEmpty || words[0].hasPrefix("#") { continue }
      guard words.count == 2, words[1].count == 64,
        String(words[1]).hexadecimalBytes != nil
      else {
        throw KinoraError(
          .configuration, "\(path):\(number + 1): a line is an id and the SHA-256 of its key")
      }
      keys[words[1].lowercased()] = String(words[0])
    }
    return keys
  }
}
