import CSys
import Glibc
public import KinoraModel
import Synchronization

/// The secrets of one provider, read from where its configuration says, when they are needed.
///
/// A file is read again when its modification time, size or inode changes, so a rotated key needs no
/// restart; of `gemini-*.json` the newest file counts. A file that others may read is refused: it is no secret any more.
public final class CredentialStore: Sendable {
  /// Longest secret, in bytes; a service account's key is about 2.5 KiB.
  public static let longest = 64 * 1024

  let provider: String
  private let sources: [String: ProviderSettings.CredentialSource]
  private let directory: String?
  private let environment: [String: String]
  private let cache = Mutex<[String: Cached]>([:])

  private struct Cached {
    let stamp: Stamp
    let secret: Secret
  }
  private struct Stamp: Equatable {
    let seconds: Int
    let nanoseconds: Int
    let size: Int
    let inode: UInt64
  }

  /// - Parameters:
  ///   - provider: the configured name, for messages
  ///   - sources: credential names to where they are
  ///   - directory: `$CREDENTIALS_DIRECTORY`
  ///   - environment: what the daemon was started with
  public init(
    provider: String, sources: [String: ProviderSettings.CredentialSource], directory: String?,
    environment: [String: String]
  ) {
    self.provider = provider
    self.sources = sources
    self.directory = directory
    self.environment = environment
  }

  /// The secret `name`, without the newline at its end. Throws `credentialMissing`, naming the
  /// provider, the credential and where it was looked for, and `unavailable` where no file can be opened
  /// now.
  public func secret(_ name: String) throws(KinoraError) -> Secret {
    guard let source = sources[name] else { throw missing(name, "is not configured") }
    switch source {
    case .file(let path): return try read(Self.newest(path), name, checksMode: true)
    case .folder(let path, let match):
      return try read(Self.login(in: path, match), name, checksMode: true)
    case .systemd(let entry):
      guard let directory else {
        throw missing(
          name, "was not found: \(place(source)), and $CREDENTIALS_DIRECTORY is not set")
      }
      return try read(directory + "/" + entry, name, checksMode: false)
    case .environment(let variable):
      guard let text = environment[variable] else {
        throw missing(name, "was not found: \(place(source)) is not set")
      }
      return try trimmed(Array(text.utf8), name, source)
    }
  }

  /// Where the secret `name` comes from, for people; never the secret.
  public func describe(_ name: String) -> String {
    sources[name].map(place) ?? "not configured"
  }

  /// True when the secret can be read now.
  public func has(_ name: String) -> Bool { (try? secret(name)) != nil }

  private func place(_ source: ProviderSettings.CredentialSource) -> String {
    switch source {
    case .file(let path): "file \(path)"
    case .folder(let path, let match): "folder \(path)/\(match)"
    case .systemd(let entry): "systemd credential \(entry)"
    case .environment(let variable): "environment variable \(variable)"
    }
  }

  /// The login's file that a path such as `NAME.token` reads from and may be written back to; nil
  /// where the source is no folder.
  func login(_ path: String) -> LoginFile? {
    let parts = path.split(separator: ".").map(String.init)
    guard let name = parts.first, case .folder(let folder, let match)? = sources[name] else {
      return nil
    }
    return LoginFile(path: Self.login(in: folder, match), members: Array(parts.dropFirst()))
  }

  /// True when the configuration says where `name` is.
  func isConfigured(_ name: String) -> Bool { sources[name] != nil }

  func missing(_ name: String, _ why: String) -> KinoraError {
    KinoraError(
      .credentialMissing, "provider \(provider): credential \(name) \(why)",
      field: "providers.\(provider).credentials.\(name)",
      allowed: ["{file: PATH}", "{systemd: NAME}", "{env: NAME}"])
  }

  private func trimmed(
    _ bytes: [UInt8], _ name: String, _ source: ProviderSettings.CredentialSource
  ) throws(KinoraError) -> Secret {
    var bytes = bytes[...]
    while let last = bytes.last, last == 0x0a || last == 0x0d { bytes.removeLast() }
    guard !bytes.isEmpty else { throw missing(name, "is empty: \(place(source))") }
    return Secret(String(decoding: bytes, as: UTF8.self))
  }

  private func read(_ path: String, _ name: String, checksMode: Bool) throws(KinoraError) -> Secret
  {
    let source = sources[name] ?? .file(path)
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else {
      let number = errno
      let why = "\(place(source)): \(String(cString: strerror(number)))"
      // The daemon's own want says nothing about the key.
      if [EMFILE, ENFILE, ENOMEM].contains(number) {
        throw KinoraError(
          .unavailable, "provider \(provider): credential \(name) cannot be read now: \(why)",
          retryAfter: 2)
      }
      throw missing(name, "cannot be read: \(why)")
    }
    defer { close(file) }
    var info = stat()
    guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      throw missing(name, "cannot be read: \(place(source)) is not a regular file")
    }
    if checksMode { try checkMode(info, name, source) }
    let stamp = Stamp(
      seconds: info.st_mtim.tv_sec, nanoseconds: info.st_mtim.tv_nsec, size: info.st_size,
      inode: UInt64(info.st_ino))
    if let cached = cache.withLock({ $0[name] }), cached.stamp == stamp { return cached.secret }
    guard info.st_size <= Self.longest else {
      throw missing(name, "is longer than \(Self.longest) bytes: \(place(source))")
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.longest) { buffer, count in
      while count < buffer.count {
        let n = Glibc.read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        if n < 0, errno == EINTR { continue }
        if n <= 0 { break }
        count += n
      }
    }
    let secret = try trimmed(bytes, name, source)
    cache.withLock { $0[name] = Cached(stamp: stamp, secret: secret) }
    return secret
  }

  /// Readable by its owner; by a group only if it is root's or the daemon's own.
  private func checkMode(
    _ info: stat, _ name: String, _ source: ProviderSettings.CredentialSource
  ) throws(KinoraError) {
    let group = info.st_mode & 0o070 != 0 && info.st_gid != 0 && info.st_gid != getegid()
    let write = info.st_mode & 0o022 != 0
    guard info.st_mode & 0o007 == 0, !group, !write else {
      throw missing(
        name,
        "is refused: \(place(source)) has mode \(String(info.st_mode & 0o777, radix: 8)); "
          + "others may read it: chmod 600")
    }
    guard info.st_uid == 0 || info.st_uid == geteuid() else {
      throw missing(name, "is refused: \(place(source)) belongs to uid \(info.st_uid)")
    }
  }
}
