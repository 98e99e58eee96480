import CCrypto
import KinoraModel

/// Signs JSON Web Tokens (RFC 7515, RFC 7519).
enum JWT {
  /// RFC 7518 §3.1.
  enum Algorithm: String, Sendable, CaseIterable {
    case hs256 = "HS256"
    case rs256 = "RS256"
  }

  /// A token in its compact form. Throws `credentialMissing` when the key does not fit the algorithm.
  static func token(
    _ algorithm: Algorithm, key: Secret, header: [JSONMember], claims: [JSONMember]
  ) throws(KinoraError) -> String {
    var head = JSON.object([
      JSONMember("alg", .string(algorithm.rawValue)), JSONMember("typ", "JWT"),
    ])
    for member in header where member.key != "alg" { head = head.setting(member.key, member.value) }
    let text = base64(head.bytes) + "." + base64(JSON.object(claims).bytes)
    let signature: [UInt8]? =
      switch algorithm {
      case .hs256: hmac(Array(text.utf8), Array(key.reveal().utf8))
      case .rs256: rsa(Array(text.utf8), pem(key.reveal()))
      }
    guard let signature else {
      throw KinoraError(.credentialMissing, "the key is not one for \(algorithm.rawValue)")
    }
    return text + "." + base64(signature)
  }

  private static func hmac(_ text: [UInt8], _ key: [UInt8]) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard HMAC(EVP_sha256(), key, Int32(key.count), text, text.count, &digest, &count) != nil else {
      return nil
    }
    return Array(digest.prefix(Int(count)))
  }

  private static func rsa(_ text: [UInt8], _ pem: [UInt8]) -> [UInt8]? {
    guard let source = BIO_new_mem_buf(pem, Int32(pem.count)) else { return nil }
    defer { BIO_free(source) }
    guard let key = PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in 0 }, nil) else {
      return nil
    }
    defer { EVP_PKEY_free(key) }
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, let context = EVP_MD_CTX_new() else {
      return nil
    }
    defer { EVP_MD_CTX_free(context) }
    var count = 0
    guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
      EVP_DigestSign(context, nil, &count, text, text.count) == 1
    else { return nil }
    var signature = [UInt8](repeating: 0, count: count)
    guard EVP_DigestSign(context, &signature, &count, text, text.count) == 1 else { return nil }
    return Array(signature.prefix(count))
  }

  /// A key that was pasted out of JSON has `\n` for its line ends.
  private static func pem(_ text: String) -> [UInt8] {
    guard !text.contains("\n") else { return Array(text.utf8) }
    var out: [UInt8] = []
    var isEscaped = false
    for byte in text.utf8 {
      if isEscaped {
        isEscaped = false
        if byte == UInt8(ascii: "n") {
          out.append(0x0a)
          continue
        }
        out.append(UInt8(ascii: "\\"))
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
        continue
      }
      out.append(byte)
    }
    return out
  }

  /// RFC 4648 §5 without padding.
  private static func base64(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    var encoder = Base64Encoder()
    bytes.withUnsafeBytes { encoder.encode($0, into: &out) }
    encoder.finish(into: &out)
    let text = out.compactMap { byte -> UInt8? in
      switch byte {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      case UInt8(ascii: "="): nil
      default: byte
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
