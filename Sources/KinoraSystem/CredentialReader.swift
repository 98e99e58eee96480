import Glibc
public import KinoraModel
import Synchronization

/// Credentials from where the configuration says they are. Files are read again when they change.
public final class CredentialReader: Sendable {
  /// Bytes of a credential; a key is some hundred, a private key in PEM some thousand.
  public static let mostBytes = 64 * 1024

  private struct Seen {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int
    var secret: Secret

    func isSame(_ facts: stat) -> Bool {
      device == facts.st_dev && inode == facts.st_ino && size == Int64(facts.st_size)
        && seconds == facts.st_mtim.tv_sec && nanoseconds == facts.st_mtim.tv_nsec
    }
  }

  private let directory: String?
  private let environment: @Sendable (String) -> String?
  private let files = Mutex<[String: Seen]>([:])
  private let variables = Mutex<[String: Secret]>([:])

  /// Reads `$CREDENTIALS_DIRECTORY` and the process's environment.
  public convenience init() {
    self.init(directory: variable("CREDENTIALS_DIRECTORY"), environment: variable)
  }

  /// Reads from a folder of credentials (nil: none was passed) and an environment.
  public init(directory: String?, environment: @escaping @Sendable (String) -> String?) {
    self.directory = directory
    self.environment = environment
  }

  /// The secret. One line end after it is dropped. Throws `credentialMissing` when it is not there,
  /// empty, too long or contains a NUL byte.
  public func read(_ source: ProviderSettings.CredentialSource) throws(KinoraError) -> Secret {
    switch source {
    case .file(let path): return try file(path)
    case .systemd(let name): return try file(path(credential: name))
    case .environment(let name): return try remembered(name)
    }
  }

  /// Why a source should be looked at, for people; nil when all is well or nothing is there.
  public func exposure(_ source: ProviderSettings.CredentialSource) -> String? {
    switch source {
    case .systemd: return nil
    case .environment(let name):
      return environment(name) == nil ? nil : "$\(name) can be read by every process of this uid"
    case .file(let path):
      var facts = stat()
      guard stat(path, &facts) == 0, facts.st_mode & 0o007 != 0 else { return nil }
      return "\(path) can be read by everybody: chmod o= \(path)"
    }
  }

  private func path(credential name: String) throws(KinoraError) -> String {
    guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
      throw missing("\(name) is not a credential's name")
    }
    guard let directory else {
      throw missing("systemd passed no credentials: add LoadCredential=\(name):PATH to the unit")
    }
    return "\(directory)/\(name)"
  }

  // Read once: a variable does not change, and a plugin cannot see it either way.
  private func remembered(_ name: String) throws(KinoraError) -> Secret {
    if let secret = variables.withLock({ $0[name] }) { return secret }
    guard let text = environment(name) else { throw missing("$\(name) is not set") }
    let secret = try secret(Array(text.utf8), from: "$\(name)")
    variables.withLock { $0[name] = secret }
    return secret
  }

  private func file(_ path: String) throws(KinoraError) -> Secret {
    // O_NONBLOCK: opening a pipe must not wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { throw missing("\(path): \(errnoText())") }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      throw missing("\(path) is not a file")
    }
    if let seen = files.withLock({ $0[path] }), seen.isSame(facts) { return seen.secret }
    var bytes = [UInt8](repeating: 0, count: Self.mostBytes + 1)
    var used = 0
    while used < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + used }, buffer.count - used)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw missing("\(path): \(errnoText())") }
      if count == 0 { break }
      used += count
    }
    let secret = try secret(Array(bytes[..<used]), from: path)
    let seen = Seen(
      device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino), size: Int64(facts.st_size),
      seconds: facts.st_mtim.tv_sec, nanoseconds: facts.st_mtim.tv_nsec, secret: secret)
    files.withLock { $0[path] = seen }
    return secret
  }

  private func secret(_ bytes: [UInt8], from source: String) throws(KinoraError) -> Secret {
    guard bytes.count <= Self.mostBytes else {
      throw missing("\(source) has more than \(Self.mostBytes) bytes")
    }
    var text = bytes[...]
    if text.last == UInt8(ascii: "\n") { text.removeLast() }
    if text.last == UInt8(ascii: "\r") { text.removeLast() }
    guard !text.isEmpty else { throw missing("\(source) is empty") }
    guard !text.contains(0) else { throw missing("\(source) contains a NUL byte") }
    return Secret(String(decoding: text, as: UTF8.self))
  }

  private func missing(_ message: String) -> KinoraError {
    KinoraError(.credentialMissing, message)
  }
}

private func variable(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}
