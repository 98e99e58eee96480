import CCrypto
import KinoraModel

/// SHA-256 over bytes that come in pieces, by OpenSSL.
final class SHA256 {
  private let context: OpaquePointer?

  init() {
    context = EVP_MD_CTX_new()
    _ = EVP_DigestInit_ex(context, EVP_sha256(), nil)
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: UnsafeRawBufferPointer) {
    _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// The sum in lower-case hexadecimal; nil when OpenSSL could not compute it.
  func finish() -> String? {
    var sum = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    guard context != nil, EVP_DigestFinal_ex(context, &sum, &length) == 1, length == 32 else {
      return nil
    }
    return sum.hexadecimal
  }
}
