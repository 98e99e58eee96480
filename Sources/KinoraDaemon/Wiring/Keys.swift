import Glibc
import KinoraAPI
import KinoraCore
import KinoraModel
import KinoraSystem
import Synchronization

/// The keys of TCP clients: a file of lines `ID SHA256 [created=TIME] [client=NAME]`, read again when
/// it changes.
///
/// A key itself is stored nowhere; its SHA-256 in hexadecimal is. Lines that begin with `#` are
/// comments. `kinora keys` writes the file; a key that it took out is refused within a second.
final class Keys: Sendable {
  /// What tells one version of the file from the next.
  private struct Stamp: Equatable {
    var inode: UInt64 = 0
    var size: Int64 = -1
    var seconds: Int = 0
    var nanoseconds: Int = 0
  }
  private struct State {
    var holders: [String: KeyHolder]
    var stamp: Stamp
    var lookAt: Milliseconds
  }

  private let path: String
  private let clock: any Clock
  private let log: Log
  private let state: Mutex<State>
  /// How long a lookup goes by the last look at the file.
  private static let lookInterval: Milliseconds = 500

  /// Throws `configuration` when the file cannot be read or a line is not of the form.
  init(path: String, clock: any Clock, log: Log) throws(KinoraError) {
    self.path = path
    self.clock = clock
    self.log = log
    let stamp = Self.stamp(path)
    state = Mutex(
      State(holders: try Self.read(path), stamp: stamp, lookAt: clock.steady()))
  }

  /// Reads the file again; a bad file keeps the old keys and throws.
  func reload() throws(KinoraError) {
    let stamp = Self.stamp(path)
    let fresh = try Self.read(path)
    state.withLock { state in
      state.holders = fresh
      state.stamp = stamp
    }
  }

  /// Whose this key is, or nil.
  func holder(_ key: String) -> KeyHolder? {
    look()
    // Looked up by hash, so the time it takes tells nothing about a key that nearly fits.
    let hash = Digest.sha256(Array(key.utf8))
    return state.withLock { $0.holders[hash] }
  }

  /// Reads the file again when it is another one than before. A file that is gone or damaged keeps
  /// the keys that are known: what takes a key away is a good file without it.
  private func look() {
    let now = clock.steady()
    let last = state.withLock { state -> Stamp? in
      guard now >= state.lookAt else { return nil }
      state.lookAt = now + Self.lookInterval
      return state.stamp
    }
    guard let last else { return }
    let stamp = Self.stamp(path)
    guard stamp != last else { return }
    do throws(KinoraError) {
      try reload()
      log(.notice, "keys.read", "the keys file was read again", ("path", path))
    } catch {
      // Told once for each version of the file.
      state.withLock { $0.stamp = stamp }
      log(.error, "keys.bad", error)
    }
  }

  private static func stamp(_ path: String) -> Stamp {
    var info = stat()
    guard stat(path, &info) == 0 else { return Stamp() }
    return Stamp(
      inode: UInt64(info.st_ino), size: Int64(info.st_size), seconds: info.st_mtim.tv_sec,
      nanoseconds: info.st_mtim.tv_nsec)
  }

  private static func read(_ path: String) throws(KinoraError) -> [String: KeyHolder] {
    guard let bytes = ConfigurationFiles.read(path) else {
      throw KinoraError(.configuration, "listen.tcp.keys_file: \(path) cannot be read")
    }
    var holders: [String: KeyHolder] = [:]
    for (number, line) in String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false
    ).enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.isEmpty || words[0].hasPrefix("#") { continue }
      guard words.count >= 2, words[1].count == 64,
        String(words[1]).hexadecimalBytes != nil,
        words.dropFirst(2).allSatisfy({ $0.hasPrefix("created=") || $0.hasPrefix("client=") })
      else {
        throw KinoraError(
          .configuration,
          "\(path):\(number + 1): a line is an id, the SHA-256 of its key, and maybe "
            + "created=TIME and client=NAME")
      }
      let client = words.dropFirst(2).first { $0.hasPrefix("client=") }?.dropFirst(7)
      holders[words[1].lowercased()] = KeyHolder(
        id: String(words[0]), client: client.map(String.init))
    }
    return holders
  }
}
