import CCrypto
import KinoraModel

/// SHA-256 by libcrypto.
enum Digest {
  /// In hexadecimal.
  static func sha256(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 32
    EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
    return digest.hexadecimal
  }
}
