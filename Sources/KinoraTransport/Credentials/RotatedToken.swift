import CCrypto
import Glibc
import KinoraModel
import Synchronization

/// The refresh token that a maker gave in the place of the configured one (RFC 6749 §6), where the file
/// that a login came from is not ours to write, or cannot be written.
///
/// The old one may be good for nothing from then on, so the new one is on the disk before its access
/// token is used. It is kept with a digest of the configured one: whoever logs in anew is believed
/// at once, and a token that belongs to another login is never sent for it.
final class RotatedToken: Sendable {
  private struct Kept: Sendable {
    let digest: String
    let token: Secret
  }
  private static let longest = 64 * 1024

  private let path: String
  private let memory = Mutex<Kept?>(nil)

  /// - Parameters:
  ///   - folder: where such tokens are kept; made when there is the first one
  ///   - name: the derived credential's name
  init(folder: String, provider: String, name: String) {
    path = "\(folder)/\(provider).\(name).json"
  }

  /// What to send where `stored` is configured, or nil when that one was never replaced.
  func token(insteadOf stored: Secret) -> Secret? {
    let digest = Self.digest(stored)
    let kept = memory.withLock { $0 } ?? read()
    return kept?.digest == digest ? kept?.token : nil
  }

  /// Keeps a token that came in the place of `stored` or of one that did so before. Gives why it is
  /// not on the disk, or nil; it counts for this process in any case.
  func keep(_ token: String, insteadOf stored: Secret) -> String? {
    let kept = Kept(digest: Self.digest(stored), token: Secret(token))
    memory.withLock { $0 = kept }
    let folder = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
    if mkdir(folder, 0o700) != 0, errno != EEXIST { return String(cString: strerror(errno)) }
    let json: JSON = ["replaces_sha256": .string(kept.digest), "refresh_token": .string(token)]
    return PrivateFile.replace(path, with: json.bytes + [0x0a])
  }

  private func read() -> Kept? {
    guard let bytes = PrivateFile.read(path, longest: Self.longest),
      let json = try? JSON.parse(bytes), let digest = json["replaces_sha256"]?.string,
      let token = json["refresh_token"]?.string, !token.isEmpty
    else { return nil }
    return Kept(digest: digest, token: Secret(token))
  }

  private static func digest(_ secret: Secret) -> String {
    let text = Array(secret.reveal().utf8)
    var digest = [UInt8](repeating: 0, count: 32)
    SHA256(text, text.count, &digest)
    return digest.hexadecimal
  }
}
