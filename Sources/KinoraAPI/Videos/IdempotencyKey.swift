import KinoraHTTP
import KinoraModel

/// Reads the header field Idempotency-Key.
///
/// The draft wants a structured string (draft-ietf-httpapi-idempotency-key-header-07 §2.1), in quotes;
/// most clients, Stripe's and OpenAI's among them, send the bare words. Both forms of one key are
/// one key: a client that learns to quote must not pay twice.
enum IdempotencyKey {
  /// The key of a request, or nil. Throws `badField` for two of them, and for one that is not 1 to 255
  /// visible ASCII characters, or a string in quotes of as many in which blanks are allowed too.
  static func read(_ fields: HTTPFields) throws(KinoraError) -> String? {
    let values = fields.values("idempotency-key")
    guard let text = values.first else { return nil }
    let key = text.hasPrefix("\"") ? quoted(text.utf8.dropFirst()) : bare(text)
    guard values.count == 1, let key, (1...Limits.idempotencyKeyLength).contains(key.utf8.count)
    else {
      throw KinoraError(
        .badField,
        "Idempotency-Key must be one key of 1 to \(Limits.idempotencyKeyLength) visible ASCII "
          + "characters, or such a string in quotes", field: "Idempotency-Key",
        allowed: [
          "1…\(Limits.idempotencyKeyLength) characters from ! to ~",
          "a string of RFC 9651 in quotes",
        ])
    }
    return key
  }

  private static func bare(_ text: String) -> String? {
    text.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? text : nil
  }

  /// RFC 9651 §4.2.5, behind the opening quote. Parameters are allowed and mean nothing.
  private static func quoted(_ bytes: Substring.UTF8View) -> String? {
    var rest = bytes
    var key: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""):
        return rest.isEmpty || rest.first == UInt8(ascii: ";")
          ? String(decoding: key, as: UTF8.self) : nil
      case UInt8(ascii: "\\"):
        guard let next = rest.popFirst(), next == 0x22 || next == 0x5c else { return nil }
        key.append(next)
      case 0x20...0x7e: key.append(byte)
      default: return nil
      }
    }
    return nil
  }
}
