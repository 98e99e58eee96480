import CCrypto

/// An RSA key of libcrypto, as its PEM text.
struct RSAKey: Sendable {
  let pem: [UInt8]

  /// Reads a private key; nil when it is none.
  init?(pem: [UInt8]) {
    self.pem = pem
    guard let key = open() else { return nil }
    EVP_PKEY_free(key)
  }

  /// Makes one of 2048 bits.
  init?() {
    guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1,
      EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1, EVP_PKEY_keygen(context, &key) == 1,
      let key
    else { return nil }
    defer { EVP_PKEY_free(key) }
    guard let sink = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(sink) }
    guard PEM_write_bio_PKCS8PrivateKey(sink, key, nil, nil, 0, nil, nil) == 1 else { return nil }
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = BIO_read(sink, &buffer, Int32(buffer.count))
    guard count > 0 else { return nil }
    pem = Array(buffer.prefix(Int(count)))
  }

  /// True when `signature` is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3) of `text`.
  func verifies(_ signature: [UInt8], of text: [UInt8]) -> Bool {
    guard let key = open(), let context = EVP_MD_CTX_new() else { return false }
    defer {
      EVP_MD_CTX_free(context)
      EVP_PKEY_free(key)
    }
    return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, text, text.count) == 1
  }

  private func open() -> OpaquePointer? {
    guard let source = BIO_new_mem_buf(pem, Int32(pem.count)) else { return nil }
    defer { BIO_free(source) }
    return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in 0 }, nil)
  }
}
